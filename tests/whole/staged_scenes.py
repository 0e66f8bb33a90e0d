"""The demo data, and what else it takes for every form of the portal to stand on some page of somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.assessments import drafting, round_services
from portal.assessments import services as assessment_services
from portal.assessments.entries import EMPTY, Entry, Typed
from portal.assessments.models import Score, Seat, Standard
from portal.calendar import services as calendar
from portal.demo import mail as demo_mail
from portal.demo import people as demo_people
from portal.demo import requests as demo_requests
from portal.extensions import db
from portal.notifications import addresses, mail_tokens, preferences, spreading
from portal.notifications.channels.composing import confirm_path, stop_path
from portal.notifications.wishes import Kind
from portal.people import queries as people
from portal.people import services as people_services
from portal.people import sessions
from portal.people.models import MergeProposal, Person
from portal.requests import filing_services
from portal.requests.models import TeamRequest
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories
from tests.assessments import factories as assessments


def stage_demo() -> None:
    """Demo data, a draft that needs a key, an assessment that is being written, two people who may be one."""
    assessments.seed()
    with unit_of_work() as now:
        demo_requests.load(demo_people.load(factories.ISSUER, now=now), now=now)
    director, deputy = demo_people.find("Demo Director"), demo_people.find("Demo Deputy")
    engineer, volunteer = demo_people.find("Demo Software Engineer"), demo_people.find("Demo Volunteer")
    assessments.self_assessment(volunteer)
    assessments.review(engineer, director)
    written = assessments.self_assessment(demo_people.find("Demo MediaWiki Specialist"))
    entries = {key: Entry(Score.INDEPENDENT, remark="Learned it here.") for key in assessments.keys(written)}
    with unit_of_work() as now:
        marker = demo_people.find("Demo MediaWiki Specialist")
        assessment_services.lock(marker, written, Typed(entries, dict.fromkeys(entries, EMPTY.token)), now=now)
    assessments.draft_standard()
    _rounds(demo_people.find)
    other = factories.volunteer("Other Volunteer")
    with unit_of_work() as now:
        db.session.add(MergeProposal(person_id=volunteer.id, other_id=other.id, proposed_at=now))
        draft = filing_services.start_draft(engineer.id, "access_expansion", "staged-key", now=now)
        typed = {"details": {"items": ["access_group:bastion"], "why": ["To look."], "benefit": ["Everybody."]}}
        filing_services.save_draft(engineer.id, draft.id, typed, base_version=0, now=now)
        sessions.start(director.id, director.identities[0].id, now=now)  # on another device
        people_services.note_nda(
            demo_people.find("Demo Board"), deputy.id, signed_on=now.date(), confirmed_by_id=None, now=now
        )
    spreading.spread()
    with unit_of_work() as now:
        stage_mail(now)


def stage_mail(now: datetime) -> None:
    """People with an address, one of whom waits for the button in a mail to another, and wants none about a request."""
    demo_mail.load(now=now)
    volunteer = demo_people.find("Demo Volunteer")
    asked = addresses.ask(volunteer.id, "another@mail.example", now=now)
    asked.nonce = "the same each time"  # forms that were found in one staging are sent in another
    own = db.session.scalars(select(TeamRequest.id).where(TeamRequest.candidate_id == volunteer.id)).first()
    preferences.stop(mail_tokens.Stop(volunteer.id, own), people.facts(volunteer.id, now), now=now)
    calendar.make(volunteer.id, now=now)


def in_mails() -> dict[str, str]:
    """The addresses that stand in mails and on no page, by their endpoint. Needs what `stage_mail` made."""
    volunteer = demo_people.find("Demo Volunteer")
    row = addresses.of(volunteer.id)
    assert row is not None
    return {
        "mail.confirm": confirm_path(mail_tokens.confirm_token(volunteer.id, row.nonce)),
        "mail.stop": stop_path(mail_tokens.Stop(demo_people.find("Demo Director").id, kind=Kind.TALK)),
    }


def _rounds(find: Callable[[str], Person]) -> None:
    """A double marking that waits for two to agree, and one in which a seat is free."""
    mentor, second, deputy = (
        find("Demo Infrastructure Specialist"),
        find("Demo MediaWiki Specialist"),
        find("Demo Deputy"),
    )
    assessments.final(mentor, assessments.revealed(deputy, mentor, second))
    free = assessments.marking(find("Demo Security Specialist"), mentor, second)
    draft = assessments.seated(free, Seat.SECOND)
    with unit_of_work() as now:
        round_services.decline(second, draft, "Too little time.", now=now)


def stage_reported() -> None:
    """Somebody reported that the Director cannot be reached."""
    with unit_of_work() as now:
        people_services.report_unreachable(demo_people.find("Demo Project Manager"), now=now)


def stage_acting() -> None:
    """The Director is away, so the Deputy acts; no draft of a standard is in the way of another."""
    with unit_of_work() as now:
        newest = db.session.scalars(select(Standard.version).order_by(Standard.version.desc())).first()
        drafting.discard(demo_people.find("Demo Deputy"), newest or 0, now=now)
        director = demo_people.find("Demo Director")
        until = clock.now() + timedelta(days=9)
        people_services.declare_absence(director, now, to_at=until, reason="A holiday at sea.", now=now)


SCENES: dict[str, Callable[[], None]] = {"demo": stage_demo, "reported": stage_reported, "acting": stage_acting}

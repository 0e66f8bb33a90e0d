"""A portal in which much has happened, and its owner, who can write past every guard."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.access import services as access
from portal.access.models import Grant
from portal.assessments import standards
from portal.demo import people as demo_people
from portal.demo import requests as demo_requests
from portal.extensions import db
from portal.people import absences, appointments, merging, roles
from portal.people.models import Person
from portal.people.policy import Post
from portal.record import checkpoints
from portal.requests import decision_services, discussion_services, objection_services
from portal.rules import services as rules
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests.factories import do, ruling, team_request

ISSUER = people.ISSUER


def much_has_happened() -> None:
    """The demo data, and what it lacks: acting, appointments, a changed rule, access given and ended, texts removed."""
    with unit_of_work() as now:
        standards.seed_standards(now=now)
        who = demo_people.load(ISSUER, now=now)
        demo_requests.load(who, now=now)
    dora, deputy = (demo_people.find(name) for name in ("Demo Director", "Demo Deputy"))
    engineer, board = (demo_people.find(name) for name in ("Demo Software Engineer", "Demo Board"))
    role = team_request(engineer, "role:security_specialist", kind="role_change", days_ago=9)
    do(decision_services.decide, dora, role, ruling(role), at=clock.now())
    request_id = team_request(engineer, "system:matomo", days_ago=9)
    decision = do(decision_services.decide, dora, request_id, ruling(request_id), at=clock.now())
    grant_id = db.session.scalars(select(Grant.id).where(Grant.decision_id == decision.id)).first()
    with unit_of_work() as now:
        assert grant_id
        access.mark_granted(dora, grant_id, now=now)
        access.revoke(dora, grant_id, reason="Moved on.", now=now)
        rules.change_rule(dora, "discussion_days", "access_expansion", value=5, reason="Busy.", based_on=None, now=now)
        absences.declare_absence(dora, now, to_at=now + timedelta(days=3), reason="Away.", now=now)
        appointments.appoint(board, engineer.id, Post.TREASURER, now=now)
        roles.end_role_by_hand(deputy, engineer.id, "software_engineer", reason="Finished.", now=now)
    said = do(discussion_services.comment, deputy, team_request(deputy), "Hush.", audience="shared")
    do(objection_services.redact, deputy, said.request_id, said.text_id)
    with unit_of_work() as now:
        absences.end_absence(dora, now=now)
        other = Person(name="Second account", created_at=now)
        db.session.add(other)
        db.session.flush()
        merging.merge(deputy.id, other.id, actor_id=dora.id, now=now)
    with unit_of_work() as now:
        checkpoints.tick(now)

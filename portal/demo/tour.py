"""A tour of the portal with the demo data: who looks at which page. Tests in a browser and ./dev shots take it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from portal.access import queries as access_queries
from portal.assessments.models import Assessment, Marking
from portal.assessments.portfolio.models import Piece
from portal.demo import people as demo_people
from portal.extensions import db
from portal.mentoring.models import Mentorship
from portal.people.models import Absence
from portal.record import digest
from portal.requests.discussion_models import Comment
from portal.requests.models import Decision, TeamRequest
from portal.requests.workflow import State

NOBODY = "nobody"  # somebody who is not signed in

VISITS: dict[str, tuple[str, ...]] = {
    NOBODY: (
        *("/welcome", "/roles", "/rules", "/privacy", "/access", "/people", "/record", "/standards/2", "/profiles"),
        *("/record/{decision}", "/people/{engineer}", "/access/{held}", "/requests/{ready}", "/not-there"),
        *("/record?q=zzzz", "/record/checkpoints", "/record/digest?week={week}", "/told", "/calendar", "/figures"),
        *("/search", "/search?q=acc", "/standards/2/changes/1"),
    ),
    "Demo Volunteer": (
        *("/", "/requests/{joining}", "/requests/", "/requests/new", "/assessments", "/account", "/people"),
        *("/inbox", "/mentoring", "/mentoring/new", "/mentoring/{asked_mentor}"),
        *("/requests/{joining}/own-key", "/requests/{joining}/edit", "/people/{volunteer}"),
        *("/markings/{blind}", "/people/{volunteer}/evidence"),
    ),
    "Demo Software Engineer": (
        *("/", "/requests/{ready}", "/requests/{ready}/edit", "/requests/{ready}/withdraw", "/requests/{ready}/filed"),
        *("/requests/{ready}/own-key", "/requests/{draft}/draft", "/requests/{draft}/key"),
        *("/requests/{draft}/check-answers", "/requests/{declined}", "/people/{engineer}", "/people/me/absence"),
        *("/people/appointments", "/people/{engineer}/roles/software_engineer/end", "/assessments/reviews/new"),
        *(
            "/assessments/{assessment}",
            "/assessments",
            "/assessments/{own}/carry",
            "/mentoring",
            "/mentoring/{mentored}",
            "/mentoring/{peers}",
        ),
        *("/mentoring/new", "/mentoring/new?kind=peer_support", "/mentoring/gaps"),
    ),
    "Demo MediaWiki Specialist": (
        *(
            "/inbox",
            "/inbox?show=done",
            "/account/mail",
            "/",
            "/account",
            "/requests/?stage=open",
            "/requests/?q=zzzz",
            "/search?q=acc",
            "/search?q=the+demo",
            "/search?q=zzzz",
            "/requests/new",
            "/assessments",
        ),
        *("/requests/{ready}", "/requests/{joining}", "/requests/{high_trust}", "/requests/{approved}"),
        *("/requests/{commented}/texts/{text}/remove", "/requests/{commented}/comments/{comment}/edit"),
        *("/access/waiting", "/access/{waiting}", "/access/{held}/end", "/people/director-unreachable"),
        *("/requests/{draft}", "/rules/discussion_days/change?kind=new_member", "/requests/{silent}"),
        *("/requests/{acting}", "/requests/{withdrawn}", "/people/{specialist}", "/assessments/{filling}/import"),
        *("/people/{volunteer}/evidence", "/people/{volunteer}/evidence?piece={piece}", "/assessments/{filling}"),
    ),
    "Demo Director": (
        *("/", "/requests/", "/requests/{ready}", "/requests/{high_trust}", "/requests/{joining}"),
        *("/requests/{declined}", "/requests/{board}", "/requests/{acting}", "/people/{engineer}"),
        *("/people/appointments", "/people/merges", "/people/{engineer}/nda", "/people/me/absence"),
        *("/rules/discussion_days/change?kind=new_member", "/rules", "/requests/{withdrawn}"),
        *("/assessments/of/{engineer}", "/record/{decision}/remove", "/figures", "/figures/waiting", "/figures/duties"),
        *("/texts/{reason}/remove", "/standards/import", "/standards/draft", "/mentoring", "/mentoring/{mentored}"),
    ),
    "Demo Security Specialist": (
        *(
            "/requests/{high_trust}",
            "/assessments",
            "/calendar",
            "/markings/new",
            "/mentoring",
            "/mentoring/{asked_mentor}",
        ),
    ),
    "Demo Project Manager": ("/markings/{disputed}", "/people/{manager}/evidence"),
    "Demo Infrastructure Specialist": ("/markings/{settled}",),
    "Demo Deputy": ("/", "/requests/{ready}", "/people/director-unreachable", "/mentoring/gaps"),
    "Demo Community Liaison": ("/", "/requests/{agreement}"),
    "Demo Board": ("/", "/requests/{board}", "/requests/", "/people/{treasurer}/capacities/treasurer/end"),
    "Demo Treasurer": ("/account/mail", "/mail/confirm", "/mail/stop", "/", "/people/{treasurer}"),
    "Demo Operator": ("/", "/requests/", "/access"),
}

# Pages that show what was wrong, or what was done: (name, person, address, the button to press there).
PRESSED: tuple[tuple[str, str, str, str], ...] = (
    ("sheet", "Demo Security Specialist", "/assessments", "Start a self-assessment"),
    ("sheet-refused", "Demo Security Specialist", "", "Finish and lock"),
    ("draft-refused", "Demo Software Engineer", "/requests/{draft}/draft", "Continue"),
    ("key-refused", "Demo Software Engineer", "/requests/{draft}/key", "Continue"),
    ("comment-refused", "Demo MediaWiki Specialist", "/requests/{ready}", "Comment"),
    ("away", "Demo Project Manager", "/people/me/absence", "I will be away"),
    ("decide-refused", "Demo Director", "/requests/{high_trust}", "Decide anyway"),
    ("appointment-refused", "Demo Director", "/people/appointments", "Appoint"),
    ("evidence-refused", "Demo Project Manager", "/people/{manager}/evidence", "Save"),
    ("end-refused", "Demo Software Engineer", "/mentoring/{mentored}", "End"),
    ("goal-refused", "Demo MediaWiki Specialist", "/mentoring/{mentored}", "Set the goal"),
    ("rule-refused", "Demo Director", "/rules/discussion_days/change?kind=new_member", "Announce the change"),
    ("outcome-refused", "Demo Board", "/requests/{board}", "Record the Board's outcome"),
    ("agreed", "Demo Community Liaison", "/requests/{agreement}", "I agree"),
    ("approved", "Demo Director", "/requests/{ready}", "Approve"),
)

MIRRORED = {
    NOBODY: ("/welcome", "/rules", "/access", "/record/{decision}", "/requests/{ready}", "/people"),
    "Demo Software Engineer": ("/", "/requests/{draft}/draft", "/requests/{ready}", "/requests/{draft}/check-answers"),
    "Demo MediaWiki Specialist": ("/requests/", "/requests/{ready}", "/assessments", "/account"),
    "Demo Director": ("/requests/{ready}", "/requests/{high_trust}", "/people/appointments"),
}

PRINTED = {
    NOBODY: ("/record/{decision}", "/record", "/access"),
    "Demo Director": ("/requests/{acting}",),
    "Demo Software Engineer": ("/assessments/{assessment}",),
    "Demo Infrastructure Specialist": ("/markings/{settled}",),
}


def whole(now: datetime) -> dict[str, object]:
    """All of it as plain values. Needs an app context and the demo data."""
    return {"visits": VISITS, "pressed": PRESSED, "mirrored": MIRRORED, "printed": PRINTED, "ids": ids(now)}


def ids(now: datetime) -> dict[str, Any]:
    """What the addresses name, by the names they use. Needs an app context and the demo data."""
    engineer, specialist, liaison, treasurer, volunteer, manager = (
        demo_people.find(f"Demo {name}").id
        for name in (
            "Software Engineer",
            "MediaWiki Specialist",
            "Community Liaison",
            "Treasurer",
            "Volunteer",
            "Project Manager",
        )
    )
    comment = _first(select(Comment).where(Comment.author_id == specialist))
    decision = _first(select(Decision).where(Decision.approved).order_by(Decision.id))
    mentored, peers, asked_mentor = (
        _first(select(Mentorship).where(Mentorship.state == state, Mentorship.kind == kind)).id
        for state, kind in (("active", "mentoring"), ("ended", "peer_support"), ("asked", "mentoring"))
    )
    return {
        "draft": _in(State.DRAFT),
        "ready": _in(State.DISCUSSION, candidate_id=engineer),
        "high_trust": _in(State.DISCUSSION, candidate_id=specialist),
        "joining": _in(State.NEEDS_INFORMATION),
        "agreement": _in(State.AGREEMENT),
        "board": _in(State.WITH_BOARD),
        "approved": _in(State.APPROVED),
        "acting": _first(select(Decision).where(Decision.capacity == "deputy")).request_id,
        "declined": _in(State.DECLINED),
        "withdrawn": _in(State.WITHDRAWN),
        "silent": _in(State.CLOSED),
        "decision": decision.id,
        "week": digest.Week.of(decision.decided_at).name,
        "engineer": engineer,
        "specialist": specialist,
        "treasurer": treasurer,
        "volunteer": volunteer,
        "manager": manager,
        "piece": _first(select(Piece).where(Piece.person_id == volunteer)).id,
        "mentored": mentored,
        "peers": peers,
        "asked_mentor": asked_mentor,
        "comment": comment.id,
        "commented": comment.request_id,
        "text": comment.text_id,
        "reason": _first(select(Absence.reason_id).where(Absence.reason_id.is_not(None))),
        **_markings(),
        "filling": _first(select(Assessment).where(Assessment.marker_id == specialist, Assessment.state == "draft")).id,
        "assessment": _first(select(Assessment).where(Assessment.person_id == engineer)).id,
        "own": _first(select(Assessment).where(Assessment.marker_id == engineer, Assessment.person_id == engineer)).id,
        "held": access_queries.held(specialist, now)[0].grant_id,
        "waiting": next(found.grant_id for found in access_queries.held(liaison, now) if found.status == "approved"),
    }


def _markings() -> dict[str, int]:
    """The three demo rounds, by how far they are."""
    names = {"blind": "Volunteer", "disputed": "Project Manager", "settled": "MediaWiki Specialist"}
    people = {name: demo_people.find(f"Demo {who}").id for name, who in names.items()}
    return {name: _first(select(Marking).where(Marking.person_id == id)).id for name, id in people.items()}


def _first(query: Select[Any]) -> Any:
    return db.session.scalars(query.limit(1)).one()


def _in(state: State, **fields: int) -> int:
    """The first request of this stage."""
    query = select(TeamRequest).where(TeamRequest.state == state).filter_by(**fields)
    return int(_first(query.order_by(TeamRequest.id)).id)

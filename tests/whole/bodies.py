"""For each action the smallest form that does it, so that a refusal is about who asks and never about the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.assessments import drafting
from portal.assessments import queries as standards
from portal.extensions import db
from portal.notifications.wishes import Kind
from portal.people import appointments
from portal.people.models import SignIn
from portal.requests import queries
from portal.web import clock
from tests.assessments import factories as assessments
from tests.filled_forms import filled
from tests.requests import factories as requests
from tests.whole.scenes import Scene
from tests.whole.world import World, submission

MINUTES = {"met_on": "2026-01-05", "minutes_url": "https://meta.example.org/wiki/Minutes"}
KEY_PROOF = {"wiki_proof": "https://meta.example.org/wiki/User:Ann", "github_proof": "https://github.example.org/ann"}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a form can be filled from."""

    world: World
    scene: Scene | None
    path: str
    url: str
    person_id: int

    @property
    def request_id(self) -> int:
        assert self.scene is not None
        return self.scene.request_id


def _text(name: str, /, **more: str) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {name: "Plain words.", **more}


def _said(**more: str) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {"body": "Plain words.", "submission_id": submission(), **more}


def _key(moment: Moment) -> dict[str, Any]:
    offer = requests.key_offer()
    return {"shell_name": "ann", "github_name": "ann", "key": offer.key.text, **KEY_PROOF}


def _approval(moment: Moment) -> dict[str, Any]:
    if moment.scene is None or moment.scene.stage == "draft":
        return {}
    items = queries.current_revision(requests.get(moment.request_id)).items
    concern = moment.scene.values.get("concern_id")
    return {
        "grounds": requests.grounds(moment.request_id),
        "items": [item.id for item in items],
        "reason": "Plain words.",
        "anyway": "It cannot wait.",
        **({f"override_{concern}": "Heard."} if concern else {}),
        **MINUTES,
    }


def _decline(moment: Moment) -> dict[str, Any]:
    if moment.scene is None or moment.scene.stage == "draft":
        return {}
    found = {"grounds": requests.grounds(moment.request_id), "reason": "Plain words.", **MINUTES}
    return {f"decline-{name}": value for name, value in found.items()}


def _edit(moment: Moment) -> dict[str, Any]:
    """The form as the candidate finds it; empty where there is nothing to edit."""
    assert moment.scene is not None
    candidate = moment.world.visitor(moment.scene.parties["candidate"])
    answer = candidate.send("GET", moment.url)
    return filled(answer.text, moment.url) if answer.status_code == 200 else {}


def _link(moment: Moment) -> dict[str, Any]:
    if moment.path.endswith("/links"):
        return {"url": "https://phabricator.example.org/T2", "title": "Plain words."}
    return {"assessment_id": 1}


def _comment(moment: Moment) -> dict[str, Any]:
    return {"body": "Plain words.", "base_text_id": moment.scene.values.get("text_id", 1) if moment.scene else 1}


def _draft(moment: Moment) -> dict[str, Any]:
    if moment.scene is None or moment.scene.stage != "draft":
        return {}
    return {"draft_version": str(requests.get(moment.request_id).draft_version), "save": "1"}


def _assessment(moment: Moment) -> dict[str, Any]:
    """The whole sheet, or the part of it that this address takes."""
    if moment.path.endswith("/import"):
        return {"text": "Title,Score\nLog Interpretation,2\n"}
    values = moment.world.values["write_assessment"]
    home = f"/assessments/{values['assessment_id']}"
    page = moment.world.visitor(moment.world.ids["member"]).send("GET", home).text
    whole = filled(page, home)
    if moment.path.endswith("<key>"):
        return {name: value for name, value in whole.items() if name.endswith(f"-{values['key']}")}
    return whole


def _marking(moment: Moment) -> int:
    return int(moment.world.values["agree_final"]["marking_id"])


def _appoint(post: str) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {
        "name": moment.world.names["member"],
        "post": post,
        "leaders": appointments.leaders(clock.now()),
    }


def _rule(moment: Moment) -> dict[str, Any]:
    return {"value": "4", "reason": "Plain words.", "based_on": ""}


def _session(moment: Moment) -> dict[str, Any]:
    """The only session of who sends it."""
    return {"session": db.session.scalar(select(SignIn.id).where(SignIn.person_id == moment.person_id)) or 1}


def _draft_standard() -> str:
    """What names the draft as it stands."""
    found = drafting.draft()
    return drafting.digest(standards.items_of(found.id)) if found else ""


BODIES: dict[str, Callable[[Moment], dict[str, Any]]] = {
    "edit": _edit,
    "offer_key": _key,
    "check_key": _key,
    "check_key:draft": _key,
    "submit": _draft,
    "comment": _said(audience="shared"),
    "comment:team": _said(audience="team"),
    "edit_comment": _comment,
    "ask": _said(),
    "answer": _said(),
    "take_position": lambda moment: {"stance": "support", "relation": "", "revision": _revision(moment)},
    "raise_concern": _text("body", name="Plain"),
    "resolve_concern": _text("reason"),
    "sponsor": _text("reason"),
    "recuse": _text("reason"),
    "link_evidence": _link,
    "approve": _approval,
    "decline": _decline,
    "refer": _text("reason"),
    "preview": _text("reason"),
    "record_approval": _approval,
    "record_decline": _decline,
    "note": _text("body"),
    "end_session": _session,
    "watch": lambda moment: {"level": "watch"},
    "settle_inbox": lambda moment: {"all": "1"},
    "declare_absence": lambda moment: {"from_day": clock.now().date().isoformat()},
    "file:new_member": lambda moment: {"kind": "new_member", "submission_id": submission()},
    "file:for_members": lambda moment: {"kind": "access_expansion", "submission_id": submission()},
    "import_standard": lambda moment: {"text": assessments.next_standard()},
    "publish_standard": lambda moment: {"seen": _draft_standard()},
    "self_assess": lambda moment: {"submission_id": submission()},
    "carry_assessment": lambda moment: {"submission_id": submission()},
    "name_marker": lambda moment: {
        "marker": moment.world.ids["recused"],
        "submission_id": submission(),
        "person": moment.world.names["operator"],
        "mentor": moment.world.ids["recused"],
        "second": moment.world.ids["deputy" if moment.person_id != moment.world.ids["deputy"] else "director"],
    },
    "name_seat": lambda moment: {"seat": "mentor", "marker": moment.world.ids["deputy"]},
    "decline_marking": _text("reason"),
    "agree_final": lambda moment: {"token": assessments.content(_marking(moment)).token},
    "write_portfolio": lambda moment: {"items": "web-security", "sentence": "It shows it.", "link": "T123"},
    "answer_portfolio": lambda moment: {"verdict": "accepted"},
    "ask_mentor": lambda moment: {"mentor": moment.world.ids["recused"]},
    "share_scores": lambda moment: {"deed": "share"},
    "offer_mentoring": lambda moment: {"places": "2"},
    "end_mentoring": _text("reason"),
    "hand_over_mentoring": lambda moment: {"mentor": moment.world.ids["recused"]},
    "set_goals": lambda moment: {"item": "web-security", "target": "3", "deed": "reached"},
    "write_assessment": _assessment,
    "end_access": _text("reason"),
    "end_role": _text("reason"),
    "end_role:director": _text("reason"),
    "end_role:deputy": _text("reason"),
    "appoint:deputy": _appoint("deputy"),
    "appoint:others": _appoint("treasurer"),
    "note_nda": lambda moment: {"signed_on": "2026-01-05", "confirmed_by_id": moment.world.ids["board"]},
    "start_acting": _text("note"),
    "change_rule": _rule,
    "set_address": lambda moment: {"address": "somebody@example.org"},
    "choose_mail": lambda moment: {kind.value: "now" for kind in Kind} | {"request": "1"},
    "settle_merge": lambda moment: {"answer": "refuse"},
}


def _revision(moment: Moment) -> str:
    return str(requests.get(moment.request_id).revision_number)


def body(action: str, moment: Moment) -> dict[str, Any]:
    """A form that does this, empty where a button is all there is."""
    make = BODIES.get(action)
    return make(moment) if make else {}

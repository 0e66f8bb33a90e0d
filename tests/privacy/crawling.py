"""Every address of the portal with every id of the scene, and every form on its pages. Derived, so new routes count.

A route with an argument that nobody has named here fails the tests with a sentence on what to add.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.access.models import Grant
from portal.assessments.models import Assessment, Marking, Standard
from portal.assessments.portfolio.models import Piece
from portal.calendar import services as calendar
from portal.calendar.models import CalendarAddress
from portal.extensions import db
from portal.mentoring.models import MentoringGoal, Mentorship
from portal.org import organisation
from portal.people.models import Capacity, CapacityAssignment, MergeProposal, Person, RoleAssignment
from portal.record.models import Checkpoint
from portal.requests import objection_services
from portal.requests.discussion_models import Comment, Concern, Evidence
from portal.requests.models import Decision, TeamRequest


def _column(column: Any) -> Callable[[], list[Any]]:
    return lambda: sorted(set(db.session.scalars(select(column))))


ONE: dict[str, Callable[[], list[Any]]] = {
    "request_id": _column(TeamRequest.id),
    "comment_id": _column(Comment.id),
    "question_id": _column(Comment.id),
    "concern_id": _column(Concern.id),
    "evidence_id": _column(Evidence.id),
    "decision_id": _column(Decision.id),
    "text_id": lambda: sorted({text for _request, text in texts()}),
    "grant_id": _column(Grant.id),
    "assessment_id": _column(Assessment.id),
    "marking_id": _column(Marking.id),
    "mentorship_id": _column(Mentorship.id),
    "goal_id": _column(MentoringGoal.id),
    "piece_id": _column(Piece.id),
    "person_id": _column(Person.id),
    "proposal_id": _column(MergeProposal.id),
    "role_key": _column(RoleAssignment.role_key),
    "capacity": lambda: [capacity.value for capacity in Capacity],
    "name": _column(Person.name),
    "rule_key": lambda: list(organisation().rules),
    "version": _column(Standard.version),
    "since": _column(Standard.version),
    "layout": lambda: ["json", "csv", "wikitext"],
    "key": lambda: ["k01"],
    "size": _column(Checkpoint.size),
    "address": lambda: [calendar.secret(row) for row in db.session.scalars(select(CalendarAddress))],
}
"""What each argument of a route can stand for."""


def texts() -> list[tuple[int, int]]:
    """Every (request, text that belongs to it)."""
    requests = db.session.scalars(select(TeamRequest.id))
    return [(request, text) for request in requests for text in objection_services._readers(request)]


def _pairs(*columns: Any) -> Callable[[], list[tuple[Any, ...]]]:
    return lambda: [tuple(row) for row in db.session.execute(select(*columns).distinct())]


TOGETHER: dict[tuple[str, ...], Callable[[], list[tuple[Any, ...]]]] = {
    ("request_id", "comment_id"): _pairs(Comment.request_id, Comment.id),
    ("request_id", "question_id"): _pairs(Comment.request_id, Comment.id),
    ("request_id", "concern_id"): _pairs(Concern.request_id, Concern.id),
    ("request_id", "evidence_id"): _pairs(Evidence.request_id, Evidence.id),
    ("request_id", "decision_id"): _pairs(Decision.request_id, Decision.id),
    ("request_id", "text_id"): lambda: list(texts()),
    ("mentorship_id", "goal_id"): _pairs(MentoringGoal.mentorship_id, MentoringGoal.id),
    ("person_id", "piece_id"): _pairs(Piece.person_id, Piece.id),
    ("person_id", "role_key"): _pairs(RoleAssignment.person_id, RoleAssignment.role_key),
    ("person_id", "capacity"): _pairs(CapacityAssignment.person_id, CapacityAssignment.capacity),
}
"""Arguments that name one thing together. Others are crossed."""


def arguments(rule: Rule) -> list[str]:
    """The arguments of a route in the order of its address."""
    return re.findall(r"<(?:[^:<>]+:)?(\w+)>", rule.rule)


def fill(rule: Rule, values: Iterable[Any]) -> str:
    """The address with these values in place of the arguments."""
    rest = iter(values)
    return re.sub(r"<[^<>]+>", lambda _found: quote(str(next(rest))), rule.rule)


def addresses(app: Flask, method: str = "GET") -> Iterator[tuple[str, str]]:
    """(endpoint, address) of everything that takes this method, for the things that are there."""
    for rule in app.url_map.iter_rules():
        names = arguments(rule)
        if method not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        unknown = [name for name in names if name not in ONE]
        assert not unknown, f"{rule.rule}: say in tests/privacy/crawling.py (ONE) what {unknown} can stand for"
        found = TOGETHER.get(tuple(names), lambda names=names: product(*(ONE[name]() for name in names)))
        for values in found():
            yield rule.endpoint, fill(rule, values)


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a form. ``offered`` are the values of a choice."""

    name: str
    type: str
    value: str
    offered: tuple[str, ...] = ()

    @property
    def is_typed(self) -> bool:
        return self.type in ("textarea", "text", "search", "url", "email")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a browser would send it."""

    action: str
    method: str
    htmx: bool
    fields: tuple[Field, ...]

    def data(self, typed: str = "") -> dict[str, list[str]]:
        """What the first button sends: the values as they stand, ``typed`` in every text field where it is given."""
        sent: dict[str, list[str]] = {}
        buttons = [field for field in self.fields if field.type == "submit"]
        for field in self.fields:
            if field in buttons[1:]:
                continue
            value = typed if typed and field.is_typed else field.value
            if field.type not in ("checkbox", "radio") or field.value:
                sent.setdefault(field.name, []).append(value)
        return sent


def forms(html: str, page: str) -> list[Form]:
    """Every form of a page or a piece of one."""
    tree: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return [_form(element, page) for element in tree.iter("form")]


def _form(element: Element, page: str) -> Form:
    named = [control for control in element.iter() if control.tag in CONTROLS and control.get("name")]
    return Form(
        action=element.get("action") or page,
        method=(element.get("method") or "get").lower(),
        htmx=element.get("hx-post") is not None,
        fields=tuple(_field(control) for control in named),
    )


CONTROLS = ("input", "select", "textarea", "button")


def _field(control: Element) -> Field:
    name, value = control.get("name") or "", control.get("value") or ""
    if control.tag == "textarea":
        return Field(name, "textarea", (control.text or "").strip())
    if control.tag == "select":
        options = [option.get("value") or "" for option in control.iter("option")]
        chosen = [option.get("value") or "" for option in control.iter("option") if option.get("selected") is not None]
        return Field(name, "select", (chosen or options or [""])[0], tuple(options))
    kind = control.get("type") or ("submit" if control.tag == "button" else "text")
    if kind in ("checkbox", "radio") and control.get("checked") is None:
        return Field(name, kind, "", (value,))
    return Field(name, kind, value, (value,) if kind in ("checkbox", "radio", "submit") else ())

"""The search page."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, request, url_for

from portal.errors import Message
from portal.index import asking
from portal.index.models import What
from portal.people import current
from portal.requests import findings, indexing, words
from portal.requests.findings import Hit
from portal.search import queries
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.paging import PAGE_SIZE, Page, before_id

bp = Blueprint("search", __name__)

FEW = 5  # people and entries of the catalogue beside what was said
PARTS = ("people", "catalogue", "said")  # what can be asked for by itself
LABELS: dict[What, Message] = {
    What.TITLE: Message("Request"),
    What.ANSWER: Message("What is asked"),
    What.COMMENT: Message("Comment"),
    What.POSITION: Message("Position"),
    What.CONCERN_NAME: Message("Concern"),
    What.CONCERN: Message("Concern"),
    What.CONCERN_CLOSED: Message("Answer to a concern"),
    What.SPONSORSHIP: Message("Sponsorship"),
    What.EVIDENCE: Message("Evidence"),
    What.REFERRAL: Message("Referral to the Board"),
    What.REASON: Message("Reason of the decision"),
    What.WOULD_HELP: Message("What would help"),
    What.ANYWAY: Message("Decided anyway, because"),
    What.NOTE: Message("Private note"),
}
PANELS = {
    What.ANSWER: "what-is-asked",
    What.POSITION: "positions",
    What.SPONSORSHIP: "people",
    What.EVIDENCE: "evidence",
    What.NOTE: "notes",
    What.REFERRAL: "decision",
    What.REASON: "decision",
    What.WOULD_HELP: "decision",
    What.ANYWAY: "decision",
}


@bp.get("/search")
@access(Rule.PUBLIC)
def index() -> Response:
    """Everything that was found, a little of each; or one part of it page by page."""
    typed = request.args.get("q", "").strip()
    part = request.args.get("in", "")
    part = part if part in PARTS else ""
    reader, now, question = current.actor_facts(), clock.now(), asking.parse(typed)
    before = before_id()
    people = said = None
    if part in ("", "people"):
        people = queries.people(reader, question, before=before, size=FEW if not part else PAGE_SIZE, now=now)
    if part in ("", "said") and reader is not None:
        said = findings.said(reader, question, before=before, size=PAGE_SIZE)
    return render(
        "search/index.html",
        "search/_results.html",
        typed=typed[: asking.LONGEST],
        question=question,
        part=part,
        people=people,
        said=said,
        catalogue=queries.catalogue(question) if part in ("", "catalogue") and before is None else [],
        few=FEW,
        address=address,
        hit_url=hit_url,
        title=title,
        labels=LABELS,
        excerpt=partial(asking.excerpt, question),
        words=words,
        older_url=_older_url(typed, part, people, said),
    )


def address(typed: str, part: str = "", before: int | None = None) -> str:
    """The address of this search, of one part of it, from one id on."""
    values = {"q": typed, "in": part, "before": before or ""}
    return url_for("search.index") + "?" + urlencode({name: value for name, value in values.items() if value})


def _older_url(typed: str, part: str, *pages: Page[Any] | None) -> str:
    """Where what was said, or a list of people, goes on. What was said goes on by itself."""
    people, said = pages
    shown, name = (people, "people") if part == "people" else (said, "said")
    return address(typed, name, shown.older) if shown and shown.older else ""


def hit_url(hit: Hit) -> str:
    """Where a thing that was found stands."""
    if hit.what is What.COMMENT:
        before = hit.subject_id + 1 if hit.is_old else None
        anchor = f"comment-{hit.subject_id}"
        return url_for("requests.show", request_id=hit.request_id, before=before, _anchor=anchor)
    if hit.what in (What.CONCERN, What.CONCERN_NAME, What.CONCERN_CLOSED):
        return url_for("requests.show", request_id=hit.request_id, _anchor=f"concern-{hit.subject_id}")
    return url_for("requests.show", request_id=hit.request_id, _anchor=PANELS.get(hit.what))


def title(hit: Hit) -> str:
    """The request it was said on: what its page is called, and what is asked for."""
    return f"#{hit.request_id} {indexing.title(hit.kind, hit.candidate, hit.candidate, hit.items)}"


def init_app(app: Flask) -> None:
    """Bind the page; its link answers to the key "/"."""
    app.register_blueprint(bp)
    add_navigation(app, NavigationEntry("search.index", Message("Search"), 65, key="/"))

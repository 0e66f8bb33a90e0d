"""Pages: remove a reason that somebody wrote."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.models import Text
from portal.errors import NotVisible
from portal.people import current, policy, removals
from portal.people.facts import PersonFacts
from portal.people.models import Absence, ActingPeriod, RoleAssignment
from portal.people.sent_forms import once
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render

bp = Blueprint("removals", __name__)


def _me() -> PersonFacts:
    facts = current.actor_facts()
    if facts is None:
        raise NotVisible
    return facts


@bp.get("/texts/<int:text_id>/remove")
@access(Rule.OBJECT, action="remove_reason")
def confirm(text_id: int) -> ResponseReturnValue:
    """The text, and what removing it means."""
    text, page = removals.removable(_me(), text_id)
    return render("people/remove_reason.html", text=text, back=page())


@bp.post("/texts/<int:text_id>/remove")
@access(Rule.OBJECT, action="remove_reason")
def remove(text_id: int) -> ResponseReturnValue:
    """Remove it for good."""
    actor_id = current.actor().id
    done = removals.removable(_me(), text_id)[1]()
    with once(done) as now:
        removals.remove(actor_id, text_id, now=now)
    flash(_("The text was removed."), "success")
    return go_to(done)


def _may_remove(text: Text | None) -> bool:
    """Whether the page offers its reader to remove this text."""
    facts = current.actor_facts()
    return bool(text and facts and not text.is_redacted and policy.may_remove_reason(facts, text.author_id))


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["may_remove_reason"] = _may_remove

    def of_person(row: Absence | RoleAssignment) -> str:
        return url_for("people.person", person_id=row.person_id)

    removals.add_place(app, Absence.reason_id, of_person)
    removals.add_place(app, RoleAssignment.end_reason_id, of_person)
    removals.add_place(app, ActingPeriod.note_id, lambda _row: url_for("absence.unreachable"))

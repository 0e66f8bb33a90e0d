"""Two people said to be one: a decider looks at both and confirms or refuses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, Flask, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, Message
from portal.org import organisation
from portal.people import current, merging, queries
from portal.people.sent_forms import once
from portal.web import attention, clock
from portal.web.access import Rule, access
from portal.web.attention import Attention
from portal.web.fragments import go_to

bp = Blueprint("merges", __name__)


@bp.get("/people/merges")
@access(Rule.DECIDER)
def index() -> ResponseReturnValue:
    """What waits for a decider."""
    actor_id, now = current.actor().id, clock.now()
    rows = [(proposal, merging.why_not_settle(actor_id, proposal, now=now)) for proposal in merging.open_proposals()]
    return render_template("sign_in/merges.html", rows=rows, role_names=_role_names)


def _role_names(person_id: int) -> list[str]:
    roles = organisation().roles
    keys = sorted(queries.facts(person_id, clock.now()).roles)
    return [roles[key].name if key in roles else key for key in keys]


@bp.post("/people/merges/<int:proposal_id>")
@access(Rule.DECIDER, action="settle_merge")
def settle(proposal_id: int) -> ResponseReturnValue:
    """Confirm or refuse one."""
    answer = request.form.get("answer")
    if answer not in ("confirm", "refuse"):
        raise Invalid("Choose whether the two are one person.")
    actor_id = current.actor().id
    current.require_fresh()
    with once(url_for(".index")) as now:
        proposal = merging.settle(actor_id, proposal_id, accept=answer == "confirm", now=now)
        name = proposal.person.name
    flash(
        _("%(name)s is one person now.", name=name) if answer == "confirm" else _("The two stay two people."), "success"
    )
    return go_to(url_for(".index"))


def waiting(person_id: int, now: datetime) -> Iterable[Attention]:
    """The merges this person may settle."""
    if not queries.facts(person_id, now).decides:
        return
    for proposal in merging.open_proposals():
        if merging.why_not_settle(person_id, proposal, now=now) is None:
            yield Attention(
                url=url_for("merges.index"),
                title=Message(
                    "Are %(one)s and %(other)s one person?", one=proposal.person.name, other=proposal.other.name
                ),
                reason=Message("Both have acted here, so a decider confirms it."),
                since=proposal.proposed_at,
            )


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    attention.add_source(app, waiting)

"""What too few in the team master, and whose agreed scores are counted for it."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Invalid, Message, NotPermitted
from portal.mentoring import gaps, policy, services
from portal.people import current
from portal.people.sent_forms import once
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render

bp = Blueprint("gaps", __name__, url_prefix="/mentoring/gaps")
TEAM_ALONE = Message("This is for the team and the Board.")


@bp.get("")
@access(Rule.SIGNED_IN, action="read_gaps")
def show() -> ResponseReturnValue:
    """The items that nobody or one person masters, and who is one step away."""
    me = current.actor_facts()
    if me is None or not policy.may_see_all(me):
        raise NotPermitted(TEAM_ALONE)
    return render(
        "mentoring/gaps.html",
        gaps=gaps.of_team(clock.now()),
        may_share=policy.why_not_share(me) is None,
        takes_part=gaps.takes_part(me.id, clock.now()),
    )


@bp.post("")
@access(Rule.SIGNED_IN, action="share_scores")
def share() -> ResponseReturnValue:
    """Take part, or stop."""
    deed, actor, done = request.form.get("deed", ""), current.actor(), url_for("gaps.show")
    if deed != "stop" and (me := current.actor_facts()) is not None:
        services.refuse_if(policy.why_not_share(me))
    if deed not in ("share", "stop"):
        raise Invalid(Message("Press one of the buttons."))
    with once(done) as now:
        services.share(actor, on=deed == "share", now=now)
    flash(
        _("Your agreed scores count.") if deed == "share" else _("Nothing of yours is looked at any more."), "success"
    )
    return go_to(done)

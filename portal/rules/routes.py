"""Pages of rules: how decisions are made, for everybody; changing a rule, for the Director."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.errors import Conflict, Invalid, Message, NotPermitted
from portal.org import organisation
from portal.org.catalogue import WHOLE, Leads
from portal.people import current, removals
from portal.people.held_forms import kept_fields
from portal.people.sent_forms import once
from portal.rules import policy, queries, services
from portal.rules.forms import RuleChangeForm, form_for
from portal.rules.models import RuleChange
from portal.rules.queries import Standing
from portal.web import clock
from portal.web.access import Rule, access
from portal.web.filters import say
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("rules", __name__, url_prefix="/rules")


@bp.get("")
@access(Rule.PUBLIC)
def index() -> Response:
    """How decisions are made: the same rules the checks use."""
    facts = current.actor_facts()
    standings = queries.standings(clock.now())
    whole = standings.pop(WHOLE)
    changeable = {rule.key for rule in organisation().rules.values() if policy.why_not_change(facts, rule) is None}
    return render(
        "rules/index.html",
        standings=standings,
        whole=whole,
        changeable=changeable,
        director=organisation().leading_role(Leads.DIRECTOR),
        deputy=organisation().leading_role(Leads.DEPUTY),
    )


def _standing(rule_key: str, kind: str) -> Standing:
    """How the rule of this address stands now. Raises NotVisible; NotPermitted where nobody can change it."""
    standing = queries.standing(queries.get(rule_key, kind), kind, clock.now())
    why_not = policy.why_not_change(current.actor_facts(), standing.rule)
    if why_not is not None:
        raise NotPermitted(why_not)
    return standing


def _page(standing: Standing, form: RuleChangeForm, *, status: int = 200, conflict: str = "") -> Response:
    return render("rules/change.html", standing=standing, form=form, status=status, conflict=conflict, largest=_largest)


def _largest(standing: Standing) -> int:
    return services.LARGEST.get(standing.rule.unit, 0)


@bp.get("/<rule_key>/change")
@access(Rule.DIRECTOR, action="change_rule")
def change(rule_key: str) -> Response:
    """The form, filled with the value that stands."""
    standing = _standing(rule_key, request.args.get("kind", ""))
    kept = kept_fields("rules.save_change")
    return _page(standing, form_for(standing.rule, value=standing.value, based_on=standing.newest_id, formdata=kept))


@bp.post("/<rule_key>/change")
@access(Rule.DIRECTOR, action="change_rule")
def save_change(rule_key: str) -> ResponseReturnValue:
    """Announce the change; another one that came in between is shown beside what was typed."""
    current.require_fresh()
    kind = request.args.get("kind", "")
    standing = _standing(rule_key, kind)
    form = form_for(standing.rule, value=standing.value, based_on=standing.newest_id)
    if not form.validate_on_submit():
        return _page(standing, form, status=422)
    actor, done = current.actor(), url_for("rules.index", _anchor=f"{kind}-{rule_key}")
    try:
        with once(done) as now:
            services.change_rule(
                actor,
                rule_key,
                kind,
                value=form.chosen,
                reason=form.reason.data or "",
                based_on=form.based_on_id,
                now=now,
            )
    except Invalid as fault:
        (form.value if fault.field == "value" else form.reason).errors = [say(fault.message)]
        return _page(standing, form, status=422)
    except Conflict as conflict:
        standing = _standing(rule_key, kind)
        form.based_on.data = str(standing.newest_id or "")
        return _page(standing, form, status=409, conflict=say(conflict.message))
    flash(_("The change is announced. It counts in 72 hours, for what is submitted from then on."), "success")
    return go_to(done)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    removals.add_place(app, RuleChange.reason_id, lambda _change: url_for("rules.index"))
    add_navigation(app, NavigationEntry("rules.index", Message("Rules"), 60))

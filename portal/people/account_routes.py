"""A person's own account: linked wiki accounts, sessions, signing out everywhere."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.errors import NotVisible
from portal.people import current, sessions
from portal.web import clock, ids
from portal.web.access import Rule, access
from portal.web.fragments import go_to
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("account", __name__)


@bp.get("/account")
@access(Rule.SIGNED_IN)
def show() -> ResponseReturnValue:
    """What belongs to the person who is signed in."""
    person = current.actor()
    return render_template(
        "sign_in/account.html",
        person=person,
        sessions=sessions.living(person.id, now=clock.now()),
        this_session=sessions.hashed(current_user.token),
    )


@bp.post("/account")
@access(Rule.SIGNED_IN, action="end_session")
def end_session() -> ResponseReturnValue:
    """End one of one's own sessions."""
    person_id, chosen = current.actor().id, ids.parse(request.form.get("session", ""))
    if chosen is None:
        raise NotVisible
    with unit_of_work() as now:
        ended = sessions.end_own(person_id, chosen, now=now)
    if not ended:
        raise NotVisible
    flash(_("That session has ended."), "success")
    return go_to(url_for("account.show"))


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)

"""A sign-in that has ended: where to sign in, and what was typed, which comes back afterwards.

`kept_fields` gives a form's route what the person had typed, to pass as ``formdata``.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from portal.errors import FreshSignInNeeded, Message, PortalError, SignInNeeded
from portal.extensions import db
from portal.people import current, held, sessions
from portal.people.held import purge
from portal.web import clock, error_pages, ticks
from portal.web.access import Rule, rule_of
from portal.web.addresses import form_page, here, with_query
from portal.web.fragments import is_fragment_request, reload_whole_page
from portal.web.unit_of_work import unit_of_work

__all__ = ["init_app", "kept_fields", "purge"]
PAGE = ("sign_in/needed.html", "sign_in/_needed.html")


def kept_fields(endpoint: str) -> MultiDict[str, str] | None:
    """What the signed-in person had typed into the form of this endpoint before their sign-in ended, if anything.

    For the route that shows the form: ``CommentForm(formdata=kept_fields("requests.comment"))``.
    """
    token = request.args.get("kept", "")
    if not token or not current.is_signed_in():
        return None
    fields = held.find(token, current.actor().id, endpoint, now=clock.now())
    return MultiDict((name, value) for name, values in fields.items() for value in values) if fields else None


def _owner() -> int | None:
    """Whose session the cookie carries, living or ended."""
    token = session.get("_user_id")
    sign_in = sessions.known(token) if isinstance(token, str) else None
    return sign_in.person_id if sign_in else None


def _hold() -> str | None:
    """Keep the sent form for the person of the cookie's session. Returns the token, or None if there is nobody."""
    db.session.rollback()
    owner, endpoint = _owner(), request.endpoint
    if owner is None or endpoint is None:
        return None
    try:
        fields = request.form.to_dict(flat=False)
    except HTTPException:
        return None
    with unit_of_work() as now:
        return held.hold(owner, endpoint, fields, now=now)


def _sign_in_needed(error: PortalError) -> Response:
    """401 in words. A sent form is kept for the person whose session the cookie names."""
    db.session.rollback()
    if request.method in ("GET", "HEAD"):
        response = error_pages.refuse(401, error.message, page=PAGE, sign_in_next=here(), held=False)
        return reload_whole_page(response) if is_fragment_request() else response
    token = _hold()
    return error_pages.refuse(401, error.message, page=PAGE, sign_in_next=_way_back(token), held=token is not None)


def _session_ended(error: SignInNeeded) -> Response:
    ended = request.method not in ("GET", "HEAD") and _owner() is not None
    return _sign_in_needed(SignInNeeded("Your sign-in has ended.") if ended else error)


def _way_back(token: str | None) -> str:
    return with_query(form_page(), kept=token) if token else form_page()


def _csrf(_error: CSRFError) -> Response:
    """The form's secret does not fit the session: the sign-in has ended, or was renewed in another tab."""
    if not current.is_signed_in():
        view = current_app.view_functions.get(request.endpoint or "")
        if view is not None and rule_of(view) is not Rule.PUBLIC:
            return _sign_in_needed(SignInNeeded("Your sign-in has ended."))
        return error_pages.refuse(400, Message("This page is too old to be sent. Open it again."))
    token = _hold()
    says = Message("You signed in anew after this page was opened.")
    return error_pages.refuse(400, says, page=PAGE, back=_way_back(token), held=token is not None)


def init_app(app: Flask) -> None:
    app.register_error_handler(SignInNeeded, _session_ended)
    app.register_error_handler(FreshSignInNeeded, _sign_in_needed)
    app.register_error_handler(CSRFError, _csrf)
    ticks.add_job(app, "forget what was typed when a sign-in had ended", purge)
    ticks.add_job(app, "forget sessions that ended long ago", sessions.purge)

"""Signing in with the wiki and signing out.

The callback is the one GET that writes: the wiki sends people back by a redirect, and its ``state`` makes it theirs.
"""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

import config
from portal.errors import Message
from portal.org import organisation
from portal.people import (
    account_routes,
    current,
    held_forms,
    merge_routes,
    merging,
    oauth,
    sent_forms,
    sessions,
    sign_in,
)
from portal.people.current import SignedIn
from portal.people.merging import LinkOutcome
from portal.people.models import Person
from portal.people.oauth import Errand
from portal.people.wiki_account import AccountShut, SignInFailed, WikiAccount, admit
from portal.web import clock, error_pages
from portal.web.access import Rule, access
from portal.web.addresses import absolute, here, local_path
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("sign_in", __name__)
FAILED = ("sign_in/failed.html", "sign_in/_failed.html")
OLD_LINK = Message("That link is older than your sign-in. Open your account page and link the other account there.")


@bp.get("/sign-in")
@access(Rule.PUBLIC)
def start() -> ResponseReturnValue:
    """Send somebody to the wiki, from the address whose cookie the wiki's answer will find."""
    settings: config.Settings = current_app.extensions["settings"]
    if request.host_url.rstrip("/") != settings.base_url and "moved" not in request.args:
        return redirect(absolute(url_for(".start", next=_next(), link=request.args.get("link"), moved=1)))
    return redirect(oauth.begin(next=_next(), link_person_id=_links_for()))


def _next() -> str:
    """Where to go on afterwards: a page of this portal, and none of the sign-in itself."""
    path = local_path(request.args.get("next"))
    return "/" if path.startswith(("/sign-in", "/sign-out")) else path


def _links_for() -> int | None:
    """The signed-in person who wants to link a further account. The link on their page carries their form secret.

    Raises SignInFailed where it does not fit: as an ordinary sign-in the other account would become another person.
    """
    secret = request.args.get("link")
    if secret is None:
        return None
    try:
        validate_csrf(secret)
    except ValidationError:
        raise SignInFailed(OLD_LINK, 400) from None
    if not current.is_signed_in():
        raise SignInFailed(OLD_LINK, 400)
    current.require_fresh()
    return current.actor().id


@bp.get("/sign-in/callback")
@access(Rule.PUBLIC)
def callback() -> ResponseReturnValue:
    """The wiki sends the person back: ask it who they are, then begin their session."""
    errand = oauth.pick_up(request.args)
    try:
        account, standing = oauth.converse(errand, request.args["code"])
        admit(account, standing)
    except AccountShut as shut:
        with unit_of_work() as now:
            sign_in.shut_out(oauth.issuer(), shut.sub, now=now)
        raise
    if errand.link_person_id is not None:
        return _link(errand.link_person_id, account)
    return _enter(errand, account)


def _enter(errand: Errand, account: WikiAccount) -> ResponseReturnValue:
    before = session.get("_user_id")
    with unit_of_work() as now:
        identity = sign_in.enter(account, now=now)
        if isinstance(before, str):
            sessions.end(before, now=now)
        token = sessions.start(identity.person_id, identity.id, now=now)
        person = identity.person
    _begin_session(person, token)
    return redirect(errand.next)


def _begin_session(person: Person, token: str) -> None:
    """Nothing of the session before stays: no secret of the anonymous visitor, no errand, no pause."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(person, token))
    session["seen"] = int(clock.now().timestamp())


def _link(person_id: int, account: WikiAccount) -> ResponseReturnValue:
    if not current.is_signed_in() or current.actor().id != person_id:
        raise SignInFailed("You signed out while you were linking an account. Sign in first, then link it.", 400)
    with unit_of_work() as now:
        outcome = merging.link(person_id, account, now=now)
    says = {
        LinkOutcome.LINKED: _("The wiki account %(name)s is linked to you.", name=account.username),
        LinkOutcome.OWN: _(
            "The wiki answered with %(name)s, which is linked to you already. Sign in to the wiki with the other "
            "account first.",
            name=account.username,
        ),
        LinkOutcome.MERGED: _("%(name)s was known here. You are one person now.", name=account.username),
        LinkOutcome.PROPOSED: _(
            "%(name)s has already acted here. The Director or the Deputy confirms that you are one person.",
            name=account.username,
        ),
    }
    flash(says[outcome], "notice" if outcome in (LinkOutcome.OWN, LinkOutcome.PROPOSED) else "success")
    return redirect(url_for("account.show"))


@bp.post("/sign-out")
@access(Rule.PUBLIC, action="sign_out")
def sign_out() -> ResponseReturnValue:
    """End this session. The wiki keeps its own."""
    token = session.get("_user_id")
    if isinstance(token, str):
        with unit_of_work() as now:
            sessions.end(token, now=now)
    return _signed_out(_("You are signed out. %(wiki)s keeps its own sign-in.", wiki=organisation().wiki_name))


@bp.post("/sign-out/everywhere")
@access(Rule.SIGNED_IN, action="sign_out_everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    """End all sessions of this person."""
    person_id = current.actor().id
    with unit_of_work() as now:
        sessions.end_all(person_id, now=now)
    return _signed_out(_("You are signed out everywhere."))


def _signed_out(says: str) -> ResponseReturnValue:
    logout_user()
    session.clear()
    flash(says, "success")
    return redirect("/", 303)


@bp.errorhandler(SignInFailed)
def failed(error: SignInFailed) -> Response:
    """A page that names the cause. It changes nothing: who is signed in stays signed in."""
    return error_pages.refuse(
        error.status, error.message, page=FAILED, cause=error.cause, try_again_next=oauth.last_next() or "/"
    )


def sign_in_url() -> str:
    """The sign-in link of the page that is shown."""
    path = here()
    return (
        url_for("sign_in.start", next=path)
        if path != "/" and request.blueprint not in ("sign_in", "account")
        else "/sign-in"
    )


def my_page() -> str | None:
    """The signed-in person's own page."""
    if not current.is_signed_in() or "people.person" not in current_app.view_functions:
        return None
    return url_for("people.person", person_id=current.actor().id)


def init_app(app: Flask) -> None:
    """Bind sign-in, the account page, merges and what happens when a sign-in has ended."""
    oauth.init_app(app)
    held_forms.init_app(app)
    sent_forms.init_app(app)
    app.register_blueprint(bp)
    account_routes.init_app(app)
    merge_routes.init_app(app)
    app.jinja_env.globals.update(sign_in_url=sign_in_url, my_page=my_page)

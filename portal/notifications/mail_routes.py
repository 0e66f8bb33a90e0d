"""One's own mail: the address, what comes when, and the pages behind the links in mails.

A GET of a link changes nothing, because mail scanners follow links: it shows the button that does it.
"""

from __future__ import annotations

from flask import Blueprint, Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import config
from portal.errors import Invalid, Message, WrongState
from portal.extensions import csrf
from portal.notifications import addresses, confirming, digests, mail_tokens, preferences
from portal.notifications.channels import add_channel, add_errand
from portal.notifications.channels.chat import chats
from portal.notifications.channels.mail import Digests, Mail, last_refused
from portal.notifications.channels.outward import Outside
from portal.notifications.mail_forms import AddressForm, WishesForm
from portal.people import current, queries
from portal.people.facts import PersonFacts
from portal.people.forms import blame
from portal.people.held_forms import kept_fields
from portal.people.sent_forms import once
from portal.web import clock, ids, ticks
from portal.web.access import Rule, access
from portal.web.fragments import go_to, render
from portal.web.navigation import NavigationEntry, add_navigation
from portal.web.unit_of_work import unit_of_work

bp = Blueprint("mail", __name__)


def _me() -> PersonFacts:
    facts = current.actor_facts()
    assert facts is not None  # noqa: S101  # the rule of these routes lets nobody else in
    return facts


@bp.get("/account/mail")
@access(Rule.SIGNED_IN)
def show() -> ResponseReturnValue:
    """My address, and what I get by mail."""
    return _page()


def _page(
    address: AddressForm | None = None, wishes: WishesForm | None = None, status: int = 200
) -> ResponseReturnValue:
    me = _me()
    row = addresses.of(me.id)
    if wishes is None:
        have = {kind.value: choice.value for kind, choice in preferences.chosen_by(me.id).items()}
        quiet = row.quiet_away if row else True
        wishes = WishesForm(formdata=kept_fields("mail.choose"), data={**have, "quiet": quiet})
        wishes.offer(me)
    return render(
        "notifications/mail_settings.html",
        row=row,
        refused_at=last_refused(row) if row and row.address else None,
        address=address or AddressForm(formdata=kept_fields("mail.ask")),
        wishes=wishes,
        stopped=preferences.stopped_by(me.id),
        sends_mail=addresses.sends_mail(),
        has_duty=me.decides or me.is_board,
        status=status,
    )


@bp.post("/account/mail/address")
@access(Rule.SIGNED_IN, action="set_address")
def ask() -> ResponseReturnValue:
    """Type an address; a mail with a button goes there."""
    form, me = AddressForm(), current.actor().id
    if not form.validate_on_submit():
        return _page(address=form, status=422)
    try:
        with once(url_for(".show")) as now:
            addresses.ask(me, form.address.data or "", now=now)
    except (Invalid, WrongState) as error:
        return _page(address=form, status=blame(form, error))
    flash(_("A mail is on its way to that address. Press the button in it within a day."), "success")
    return go_to(url_for(".show"))


@bp.post("/account/mail/address/remove")
@access(Rule.SIGNED_IN, action="set_address")
def remove() -> ResponseReturnValue:
    """Forget my address."""
    me = current.actor().id
    with once(url_for(".show")):
        addresses.remove(me)
    flash(_("Your mail address is forgotten. No mail will come."), "success")
    return go_to(url_for(".show"))


@bp.post("/account/mail")
@access(Rule.SIGNED_IN, action="choose_mail")
def choose() -> ResponseReturnValue:
    """What I get by mail, and when."""
    me, form = _me(), WishesForm()
    form.offer(me)
    if not form.validate_on_submit():
        return _page(wishes=form, status=422)
    try:
        with once(url_for(".show")) as now:
            preferences.choose(queries.facts(me.id, now), form.wishes(), quiet=form.quiet.data, now=now)
    except Invalid as error:
        return _page(wishes=form, status=blame(form, error))
    flash(_("Saved."), "success")
    return go_to(url_for(".show"))


@bp.post("/account/mail/resume")
@access(Rule.SIGNED_IN, action="choose_mail")
def resume() -> ResponseReturnValue:
    """Get mail about a request again."""
    me, request_id = current.actor().id, ids.parse(request.form.get("request", ""))
    if request_id is None:
        raise Invalid(Message("This form was incomplete. Go back and press the button once more."))
    with once(url_for(".show")):
        preferences.resume(me, request_id)
    flash(_("You get mail about this request again."), "success")
    return go_to(url_for(".show"))


def _token() -> str:
    return request.args.get("t", "")


@bp.get("/mail/confirm")
@access(Rule.PUBLIC)
def confirm() -> ResponseReturnValue:
    """Behind the button in the question: shows the button that answers it. Needs no sign-in: the link is the proof."""
    row = addresses.asked(_token(), clock.now())
    person = queries.get(row.person_id) if row else None
    return render("notifications/mail_confirm.html", person=person, done=bool(row and not row.wanted))


@bp.post("/mail/confirm")
@access(Rule.PUBLIC, action="confirm_address")
def confirmed() -> ResponseReturnValue:
    """This address is mine."""
    with unit_of_work() as now:
        person_id = addresses.confirm(_token(), now=now).person_id
    return render("notifications/mail_confirm.html", person=queries.get(person_id), done=True)


@bp.get("/mail/stop")
@access(Rule.PUBLIC)
def stop() -> ResponseReturnValue:
    """Behind "no more mail about this": shows the button."""
    return render("notifications/mail_stop.html", what=mail_tokens.read_stop(_token()), done=False)


@bp.post("/mail/stop")
@access(Rule.PUBLIC, action="stop_mail")
def stopped() -> ResponseReturnValue:
    """End this mail: by the button, or by the mail program itself (RFC 8058), which has no session and no form of ours.

    The signed token in the address is the proof; it can do nothing but end mail (docs/permissions.md).
    """
    what = mail_tokens.read_stop(_token())
    if what is None:
        raise Invalid(Message("This link is not whole. Open it from the mail once more."))
    with unit_of_work() as now:
        person_id = queries.merged_into([what.person_id]).get(what.person_id, what.person_id)
        what = mail_tokens.Stop(person_id, what.request_id, what.kind)
        preferences.stop(what, queries.facts(person_id, now), now=now)
    return render("notifications/mail_stop.html", what=what, done=True)


def init_app(app: Flask) -> None:
    """Bind the pages; with a mail server or rooms of a chat in the settings, these channels too."""
    app.register_blueprint(bp)
    label = Message("Your mail")
    add_navigation(app, NavigationEntry("mail.show", label, 63, shown=current.is_signed_in, footer=True))
    csrf.exempt(stopped)
    ticks.add_job(app, "forget mail addresses that nobody confirmed", addresses.forget_unconfirmed)
    settings: config.Settings = app.extensions["settings"]
    if settings.smtp is not None:
        connect(app, Mail(settings.smtp))
    hosts = frozenset(settings.chat_hosts.split())
    outside = Outside(hosts, settings.user_agent, on_this_machine=not settings.is_production)
    for chat in chats(settings.rooms, outside):
        add_channel(app, chat)


def connect(app: Flask, mail: Mail) -> None:
    """Let the worker send by this mail server."""
    add_channel(app, mail)
    add_channel(app, Digests())
    for errand in (confirming.send_questions, digests.send_digests):
        add_errand(app, lambda errand=errand: errand(mail))  # type: ignore[misc]
    add_errand(app, lambda: mail.server.close() or 0)  # type: ignore[func-returns-value]

"""Who is signed in, and the door each route's declared rule opens or shuts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask, current_app, g, request, session
from flask_login import UserMixin, current_user

from portal.errors import FreshSignInNeeded, Message, NotPermitted, SignInNeeded
from portal.extensions import login_manager
from portal.people import queries, sessions
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.web import clock
from portal.web.access import Rule, asked_by_itself, rule_of

SEEN_EVERY = 300  # seconds between two notes of "was here" in the cookie


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """What Flask-Login holds: the person, known by the token of their session."""

    def __init__(self, person: Person, token: str, waiting: int = 0) -> None:
        self.person = person
        self.waiting = waiting  # what `sessions.count_beside` counts
        self.person_id = person.id  # for the log, which must not ask the database
        self.token = token

    def get_id(self) -> str:
        return self.token


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
def load_user(token: str) -> SignedIn | None:
    """Whose living session this is. A clock that was moved signs nobody out: what lives by either clock lives."""
    for moment in clock.possible():
        sign_in = sessions.find(token, now=moment)
        if sign_in is not None:
            return SignedIn(sign_in.person, token, sign_in.waiting or 0)
    return None


def is_signed_in() -> bool:
    return bool(current_user.is_authenticated)


def waiting() -> int:
    """How many things wait for who is signed in, as read with their session."""
    return int(current_user.waiting) if is_signed_in() else 0


def actor() -> Person:
    """The person who sent this request, as a plain row. Raises SignInNeeded."""
    if not is_signed_in():
        raise SignInNeeded("This page is for people who are signed in.")
    person: Person = current_user.person
    return person


def actor_facts() -> PersonFacts | None:
    """The standing of the person who sent this request, read once per request; None when nobody is signed in."""
    if not is_signed_in():
        return None
    if "actor_facts" not in g:
        g.actor_facts = queries.facts(actor().id, clock.now())
    facts: PersonFacts = g.actor_facts
    return None if facts.locked else facts  # a blocked or locked wiki account counts as nobody


def note_presence(now: datetime) -> None:
    """Remember in the signed cookie when the person was last here, and whether there was a long pause.

    A clock that was moved tells neither. What it noted before anybody saw that lies ahead now, and is put right.
    """
    if not is_signed_in() or clock.watch().is_far_off():
        return
    seen = session.get("seen")
    stamp = int(now.timestamp())
    if seen is not None and stamp - seen > sessions.IDLE_LIMIT.total_seconds():
        session["paused"] = True
    if seen is None or abs(stamp - seen) > SEEN_EVERY:
        session["seen"] = stamp


def require_fresh() -> None:
    """Raise FreshSignInNeeded when there was a pause of over 12 hours since the sign-in."""
    if session.get("paused"):
        raise FreshSignInNeeded("You were away for more than 12 hours. Confirm with the wiki that it is you.")


OPENS: dict[Rule, Callable[[PersonFacts | None], bool]] = {
    Rule.PUBLIC: lambda facts: True,
    Rule.SIGNED_IN: lambda facts: facts is not None,
    Rule.OBJECT: lambda facts: facts is not None,
    Rule.MEMBER: lambda facts: facts is not None and facts.is_member,
    Rule.MEMBER_OR_BOARD: lambda facts: facts is not None and (facts.is_member or facts.is_board),
    Rule.DECIDER: lambda facts: facts is not None and facts.decides,
    Rule.DIRECTOR: lambda facts: facts is not None and facts.is_director,
    Rule.BOARD: lambda facts: facts is not None and facts.is_board,
}
SHUT = {
    Rule.MEMBER: Message("This page is for members of the team."),
    Rule.MEMBER_OR_BOARD: Message("This page is for members of the team and of the Board."),
    Rule.DECIDER: Message("This is for the Director and the Deputy."),
    Rule.DIRECTOR: Message("This is for the Director."),
    Rule.BOARD: Message("This is for members of the Board."),
}


def guard() -> None:
    """Before every request: keep the door the route declared. Raises SignInNeeded, NotPermitted."""
    view = current_app.view_functions.get(request.endpoint or "")
    rule = rule_of(view) if view else None
    if rule is None:
        return  # a file of the page frame, which comes also while the database is away; or nothing
    if view and not asked_by_itself(view):
        note_presence(clock.now())
    if rule is Rule.PUBLIC:
        return
    facts = actor_facts()
    if facts is None:
        if is_signed_in():
            raise NotPermitted("Your wiki account is blocked or locked, so this is closed to you.")
        raise SignInNeeded("This page is for people who are signed in.")
    if not OPENS[rule](facts):
        raise NotPermitted(SHUT[rule])


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.session_protection = None
    app.before_request(guard)
    app.context_processor(lambda: {"me": current_user.person if is_signed_in() else None, "my_facts": actor_facts()})

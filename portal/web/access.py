"""Every route declares who may come in. A route that declares nothing stops the start (deny by default).

The declaration opens or shuts the door; what a person may do to one request is asked of that feature's policy, inside.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask
from flask.typing import RouteCallable
from werkzeug.routing import Rule as UrlRule

F = TypeVar("F", bound=Callable[..., object])


class Rule(StrEnum):
    """Who may come in. OBJECT: signed in, and the feature's policy decides on the thing named in the URL."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    OBJECT = "object"
    MEMBER = "member"
    MEMBER_OR_BOARD = "member_or_board"
    DECIDER = "decider"  # Director or Deputy
    DIRECTOR = "director"
    BOARD = "board"


READING = ("GET", "HEAD", "OPTIONS")


def access(rule: Rule, *, action: str = "", by_itself: bool = False) -> Callable[[F], F]:
    """Declare the rule of a view and the action it asks for, a row of docs/permissions.md.

    A view that takes more than GET has to name one, and not one that reads: those begin with "read". ``by_itself``: an
    open page asks for it without anybody doing something, so it is no sign that somebody is there.
    """

    def declare(view: F) -> F:
        view.access_rule = rule  # type: ignore[attr-defined]  # a view function carries its rule
        view.access_action = action  # type: ignore[attr-defined]
        view.asked_by_itself = by_itself  # type: ignore[attr-defined]
        return view

    return declare


def rule_of(view: RouteCallable) -> Rule | None:
    """The declared rule of a view function, if any."""
    return getattr(view, "access_rule", None)


def action_of(view: RouteCallable) -> str:
    """The action a view declares, or an empty text."""
    return str(getattr(view, "access_action", ""))


def asked_by_itself(view: RouteCallable) -> bool:
    """Whether open pages ask for this view without anybody doing something."""
    return bool(getattr(view, "asked_by_itself", False))


def reads_only(action: str) -> bool:
    """Whether this names a right to read: "read", "read_team"."""
    return action == "read" or action.startswith("read_")


def refuse_undeclared(app: Flask) -> None:
    """Raise RuntimeError naming every route without a rule, and every POST without a rule for writing."""
    faults = [fault for rule in app.url_map.iter_rules() if (fault := _fault(app, rule))]
    if faults:
        raise RuntimeError("routes that would not be guarded: " + "; ".join(sorted(faults)))


def _fault(app: Flask, rule: UrlRule) -> str | None:
    view = app.view_functions[rule.endpoint]
    if rule.endpoint == "static":
        return None
    if rule_of(view) is None:
        return f"{rule.endpoint} declares no access rule"
    writes = sorted((rule.methods or set()) - set(READING))
    if writes and not action_of(view):
        return f"{rule.endpoint} takes {', '.join(writes)} and names no action"
    if writes and reads_only(action_of(view)):
        return f"{rule.endpoint} takes {', '.join(writes)} under a right to read"
    return None

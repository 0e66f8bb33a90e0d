"""Every route declares who may come in. A route that declares nothing stops the start (deny by default).

The declaration opens or shuts the door; what a person may do to one request is asked of that feature's policy, inside.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask
from flask.typing import RouteCallable

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


def access(rule: Rule, *, action: str = "") -> Callable[[F], F]:
    """Declare the rule of a view. ``action`` names the policy's action that the view asks for, for the tests."""

    def declare(view: F) -> F:
        view.access_rule = rule  # type: ignore[attr-defined]  # a view function carries its rule
        view.access_action = action  # type: ignore[attr-defined]
        return view

    return declare


def rule_of(view: RouteCallable) -> Rule | None:
    """The declared rule of a view function, if any."""
    return getattr(view, "access_rule", None)


def action_of(view: RouteCallable) -> str:
    """The action a view declares, or an empty text."""
    return str(getattr(view, "access_action", ""))


def refuse_undeclared(app: Flask) -> None:
    """Raise RuntimeError naming every route without a rule."""
    bare = sorted(
        name for name, view in app.view_functions.items() if rule_of(view) is None and not name.endswith("static")
    )
    if bare:
        raise RuntimeError(f"routes without a declared access rule: {', '.join(bare)}")

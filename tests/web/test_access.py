"""The door: what a route has to declare before the app starts."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.web.access import Rule, access, refuse_undeclared


def app_with(methods: list[str], *, rule: Rule | None = Rule.SIGNED_IN, action: str = "") -> Flask:
    """An app with one route besides its static files."""

    def view() -> str:
        return ""

    app = Flask(__name__)
    app.add_url_rule("/door", view_func=access(rule, action=action)(view) if rule else view, methods=methods)
    return app


@pytest.mark.parametrize(
    ("methods", "action"),
    [(["GET"], ""), (["GET"], "read_team"), (["GET"], "edit"), (["POST"], "edit"), (["POST"], "readmit")],
)
def test_a_route_that_declares_what_it_needs_lets_the_app_start(methods: list[str], action: str) -> None:
    refuse_undeclared(app_with(methods, action=action))


@pytest.mark.parametrize("methods", [["GET"], ["POST"]])
def test_a_route_without_a_rule_stops_the_start(methods: list[str]) -> None:
    with pytest.raises(RuntimeError, match="view declares no access rule"):
        refuse_undeclared(app_with(methods, rule=None))


@pytest.mark.parametrize("methods", [["POST"], ["GET", "POST"], ["PUT"], ["PATCH"], ["DELETE"]])
def test_a_route_that_changes_something_and_names_no_action_stops_the_start(methods: list[str]) -> None:
    with pytest.raises(RuntimeError, match=r"view takes [A-Z, ]+ and names no action"):
        refuse_undeclared(app_with(methods))


@pytest.mark.parametrize("action", ["read", "read_team", "read_assessment"])
def test_a_right_to_read_opens_no_route_that_changes_something(action: str) -> None:
    with pytest.raises(RuntimeError, match="view takes POST under a right to read"):
        refuse_undeclared(app_with(["POST"], action=action))


def test_every_fault_is_named_at_once() -> None:
    app = app_with(["POST"])
    app.add_url_rule("/other", "other", lambda: "")

    with pytest.raises(RuntimeError, match="other declares no access rule; view takes POST"):
        refuse_undeclared(app)

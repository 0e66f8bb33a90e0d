"""Public pages about the organisation and the portal: the role catalogue, and what is kept about people."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from portal.errors import Message
from portal.org import organisation
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.navigation import NavigationEntry, add_navigation

bp = Blueprint("org", __name__)


@bp.get("/roles")
@access(Rule.PUBLIC)
def roles() -> Response:
    """Every role in plain words, by tier."""
    return render("org/roles.html", tiers=list(organisation().roles_by_tier()))


@bp.get("/privacy")
@access(Rule.PUBLIC)
def privacy() -> Response:
    """What the portal keeps about people, who reads it, and how long."""
    return render("org/privacy.html")


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    add_navigation(
        app,
        NavigationEntry("org.roles", Message("Roles"), 80, footer=True),
        NavigationEntry("org.privacy", Message("Privacy"), 90, footer=True),
    )

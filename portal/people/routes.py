"""Pages of people."""

from __future__ import annotations

from flask import Blueprint, Flask

from portal.people import sign_in_routes

bp = Blueprint("people", __name__)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)
    sign_in_routes.init_app(app)

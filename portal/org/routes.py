"""Pages of org."""

from __future__ import annotations

from flask import Blueprint, Flask

bp = Blueprint("org", __name__)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)

"""Pages of assessments."""

from __future__ import annotations

from flask import Blueprint, Flask

bp = Blueprint("assessments", __name__)


def init_app(app: Flask) -> None:
    """Bind the pages of this feature."""
    app.register_blueprint(bp)

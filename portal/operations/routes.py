"""`/healthz`: whether the portal answers, reaches its database, and believes its clock."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from portal.audit import comparing
from portal.extensions import db
from portal.operations import agreement, ticking
from portal.web import clock
from portal.web.access import Rule, access

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
@access(Rule.PUBLIC)
def health() -> tuple[Response, int]:
    """200 when a request could be served, 503 when the database is away. Tells nothing else.

    Reading goes on under a wrong clock, so that is no 503: whoever watches looks for the word "ok".
    """
    now = clock.now()
    try:
        doubt, why_wait = ticking.doubt(now), ticking.why_wait(now)
    except SQLAlchemyError:
        db.session.rollback()
        return jsonify(status="database away"), 503
    if doubt or why_wait:
        return jsonify(status="server clock looks wrong" if doubt else "clock jobs wait for an operator"), 200
    return jsonify(status="ok"), 200


def init_app(app: Flask) -> None:
    """Bind the page, and what the timeline is compared with."""
    app.register_blueprint(bp)
    app.extensions.setdefault(comparing.COMPARISONS, []).append(agreement.differences)

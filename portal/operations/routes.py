"""`/healthz`: whether the portal answers and reaches its database."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from portal.audit.models import ChainHead
from portal.extensions import db
from portal.web.access import Rule, access

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
@access(Rule.PUBLIC)
def health() -> tuple[Response, int]:
    """200 when a request could be served, 503 when the database is away. Tells nothing else."""
    try:
        db.session.execute(select(ChainHead.sequence))
    except SQLAlchemyError:
        db.session.rollback()
        return jsonify(status="database away"), 503
    return jsonify(status="ok"), 200


def init_app(app: Flask) -> None:
    """Bind the page."""
    app.register_blueprint(bp)

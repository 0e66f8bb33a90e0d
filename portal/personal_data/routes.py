"""The file with everything about oneself, linked from one's account."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, json

from portal.assessments import own_data
from portal.people import current
from portal.people import queries as people
from portal.personal_data import queries
from portal.web import clock
from portal.web.access import Rule, access

FORMAT = "portal-personal-data/1"
bp = Blueprint("personal_data", __name__)


@bp.get("/account/data.json")
@access(Rule.SIGNED_IN)
def file() -> Response:
    """Everything the portal keeps about who is signed in, to take along."""
    me, now = current.actor(), clock.now()
    assessments = own_data.readable(people.facts(me.id, now))
    content = {"format": FORMAT, "made_at": now.isoformat(), **queries.everything(me.id), "assessments": assessments}
    response = Response(json.dumps(content, indent=1, ensure_ascii=False), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="portal-data-{me.id}.json"'
    return response


def init_app(app: Flask) -> None:
    """Bind the address."""
    app.register_blueprint(bp)

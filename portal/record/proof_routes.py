"""What leaves the portal of the public record: files that can be checked elsewhere, the feed, the weekly digest."""

from __future__ import annotations

import json

from flask import Blueprint, Flask, Response, request

from portal.audit import comparing
from portal.errors import NotVisible
from portal.record import agreement, checkpoints, digest, feed, files, queries, signing
from portal.record.digest import Week
from portal.web import clock, ids, ticks
from portal.web.access import Rule, access
from portal.web.fragments import render
from portal.web.paging import before_id

bp = Blueprint("proof", __name__, url_prefix="/record")


@bp.get("/<int:decision_id>.json")
@access(Rule.PUBLIC)
def record_file(decision_id: int) -> Response:
    """The record of one approval as a file, proved against the newest checkpoint, or the one of ``size``."""
    raw = request.args.get("size", "")
    size = ids.parse(raw)
    if raw and size is None:
        raise NotVisible("There is no such checkpoint.")
    content = json.dumps(files.record_file(decision_id, size), indent=1, ensure_ascii=False) + "\n"
    return _file(content, "application/json", f"record-{decision_id}.json")


@bp.get("/checkpoints")
@access(Rule.PUBLIC)
def index() -> Response:
    """The public key, the checkpoints, and how a record is checked."""
    signer = signing.signer()
    return render(
        "record/checkpoints.html",
        "record/_checkpoints.html",
        key=signer.key if signer else "",
        keys=queries.keys(),
        found=queries.checkpoints(before=before_id()),
    )


@bp.get("/checkpoints/<int:size>.txt")
@access(Rule.PUBLIC)
def checkpoint(size: int) -> Response:
    """One checkpoint as it was signed."""
    return _file(checkpoints.of_size(size).note, "text/plain", f"checkpoint-{size}.txt")


@bp.get("/checkpoints/newest.txt")
@access(Rule.PUBLIC)
def newest() -> Response:
    """The newest checkpoint, at an address that stays: for whoever keeps copies."""
    found = checkpoints.newest()
    if found is None:
        raise NotVisible("There is no checkpoint yet.")
    return _file(found.note, "text/plain", f"checkpoint-{found.size}.txt")


@bp.get("/feed.atom")
@access(Rule.PUBLIC)
def atom() -> Response:
    """The newest approvals for feed readers; not sent again while nothing changed."""
    content = feed.feed(queries.newest(), checkpoints.newest(), now=clock.now())
    response = Response(content, mimetype="application/atom+xml")
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/digest")
@access(Rule.PUBLIC)
def weekly() -> Response:
    """The approvals of one week as wikitext."""
    now = clock.now()
    week = Week.read(request.args.get("week", ""), now=now)
    text = digest.wikitext(week, queries.between(*week.bounds))
    return render("record/digest.html", week=week, text=text, later=week.later(now))


def _file(content: str, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def init_app(app: Flask) -> None:
    """Bind the addresses, the job that signs, and what the timeline is compared with."""
    app.register_blueprint(bp)
    ticks.add_job(app, "sign a checkpoint of the timeline", checkpoints.tick)
    app.extensions.setdefault(comparing.COMPARISONS, []).append(agreement.differences)

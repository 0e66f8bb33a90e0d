"""Watching or muting a request: what one person is told of it. A preference, so the timeline does not know of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from portal.extensions import db
from portal.notifications.models import Watch, Watching
from portal.requests import services
from portal.requests.workflow import Action


def choose(actor_id: int, request_id: int, level: Watching | None, *, now: datetime) -> None:
    """Keep what this person chose; None: what their part brings. Raises NotVisible, WrongState."""
    services.open_for(actor_id, request_id, Action.WATCH, now=now)
    db.session.execute(delete(Watch).where(Watch.request_id == request_id, Watch.person_id == actor_id))
    if level is not None:
        db.session.add(Watch(request_id=request_id, person_id=actor_id, level=level))

"""The organisation's standards come into the database once; a published version never changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.assessments.models import Section, Standard, StandardItem, StandardState
from portal.audit import services as audit
from portal.audit.models import ActorKind, Audience
from portal.errors import Message, WrongState
from portal.extensions import db
from portal.org import catalogue, organisation

FIELDS = ("key", "position", "section", "title", "description", "stack_area", "role_focus")


def seed_standards(*, now: datetime) -> list[int]:
    """Publish the versions that are not in the database yet; the newest one becomes current. Returns what is new.

    Raises WrongState where a published version reads differently in the organisation's data.
    """
    stored = {row.version: row for row in db.session.scalars(select(Standard))}
    new = []
    for given in sorted(organisation().standards, key=lambda given: int(given.version)):
        if given.version in stored:
            _require_same(stored[given.version], given)
        else:
            stored[given.version] = _publish(given, now=now)
            new.append(given.version)
    newest = max((row.version for row in stored.values() if row.state is not StandardState.DRAFT), default=None)
    for version, standard in stored.items():
        if version != newest and standard.state is StandardState.PUBLISHED:
            standard.state = StandardState.SUPERSEDED
    db.session.flush()
    return new


def _publish(given: catalogue.StandardVersion, *, now: datetime) -> Standard:
    standard = Standard(
        version=given.version,
        title=given.title,
        state=StandardState.PUBLISHED,
        source=given.source,
        published_at=now,
        items=[StandardItem(**_columns(item)) for item in given.items],
    )
    db.session.add(standard)
    db.session.flush()
    audit.record(
        "standard.published",
        actor_id=None,
        actor_kind=ActorKind.COMMAND,
        at=now,
        subject_id=standard.id,
        audience=Audience.PUBLIC,
        version=standard.version,
    )
    return standard


def _columns(item: catalogue.StandardItem) -> dict[str, object]:
    columns = {field: getattr(item, field) for field in FIELDS}
    return {**columns, "section": Section(item.section)}


def _require_same(stored: Standard, given: catalogue.StandardVersion) -> None:
    if stored.state is StandardState.DRAFT:
        raise WrongState(
            Message(
                "Version %(version)s is a draft that was imported in the portal. Discard it, or give the one in "
                "standards.yaml the next number.",
                version=given.version,
            )
        )

    def text(items: Sequence[StandardItem | catalogue.StandardItem]) -> list[tuple[str, ...]]:
        rows = sorted(items, key=lambda item: item.position)
        return [tuple(str(getattr(item, field)) for field in FIELDS) for item in rows]

    if stored.title != given.title or text(stored.items) != text(given.items):
        raise WrongState(
            Message(
                "Version %(version)s of the standard is published and reads differently in standards.yaml. "
                "A published version never changes: put the text back, or add a new version.",
                version=given.version,
            )
        )

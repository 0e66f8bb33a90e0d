"""The next version of the standard: read from a text, kept as a draft, published or discarded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from portal.assessments import queries, standard_policy, versions
from portal.assessments.exchange.standard import read_standard, same_words
from portal.assessments.models import Section, Standard, StandardItem, StandardState
from portal.assessments.versions import Changes, KeyedItem
from portal.audit import services as audit
from portal.audit.models import ActorKind, Audience
from portal.errors import Conflict, Message, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries as people
from portal.people.models import Person
from portal.people.policy import require

FIELDS = ("section", "title", "description", "stack_area", "role_focus")
FIRST_TITLE = "Mentoring standard"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a text would become: the items of the next version, held against the current one."""

    items: Sequence[KeyedItem]
    changes: Changes
    against: int | None  # the current version

    @property
    def sections(self) -> dict[Section, int]:
        """How many items each section has, in the order of the form."""
        return {section: sum(item.section is section for item in self.items) for section in Section}


def propose(text: str) -> Proposal:
    """Read a standard and find each item's identity; changes nothing. Raises Unreadable."""
    known = _known()
    sections: dict[str, Section] = {}
    for item in known:
        sections.setdefault(same_words(item.title), item.section)
    items = versions.keyed(read_standard(text, sections), known)
    current = queries.current_standard()
    before = queries.items_of(current.id) if current else []
    return Proposal(items, versions.changes(before, items), current.version if current else None)


def _known() -> Sequence[StandardItem]:
    """The items of every version that was ever in force, those of the newest first."""
    query = select(StandardItem).join(Standard).where(Standard.state != StandardState.DRAFT)
    return db.session.scalars(query.order_by(Standard.version.desc(), StandardItem.position)).all()


def draft() -> Standard | None:
    """The draft, if there is one: there is never more than one."""
    return db.session.scalars(select(Standard).where(Standard.state == StandardState.DRAFT)).first()


def get_draft(version: int) -> Standard:
    """The draft of this number. Raises NotVisible."""
    found = draft()
    if found is None or found.version != version:
        raise NotVisible
    return found


def import_draft(actor: Person | None, text: str, *, now: datetime) -> Standard:
    """Keep the standard in the text as a draft, whole or not at all. ``actor`` is None for a command.

    Raises Unreadable, NotPermitted, WrongState where a draft is waiting already or nothing would change.
    """
    if actor is not None:
        require(standard_policy.why_not_draft(people.facts(actor.id, now)))
    if (waiting := draft()) is not None:
        raise WrongState(
            Message("Version %(version)s is a draft already. Publish or discard it first.", version=waiting.version)
        )
    proposal, current = propose(text), queries.current_standard()
    if current is not None and proposal.changes.is_none:
        raise WrongState(
            Message("It reads as version %(version)s does: nothing would change.", version=current.version)
        )
    made = Standard(
        version=(db.session.scalar(select(func.max(Standard.version))) or 0) + 1,
        title=current.title if current else FIRST_TITLE,
        state=StandardState.DRAFT,
        source=current.source if current else "",
        items=[_row(item, place) for place, item in enumerate(proposal.items, start=1)],
    )
    db.session.add(made)
    db.session.flush()
    _record("standard.imported", actor, made, now=now, audience=Audience.DECIDERS)
    return made


def _row(item: KeyedItem, position: int) -> StandardItem:
    return StandardItem(
        key=item.key,
        position=position,
        section=item.section,
        title=item.title,
        description=item.description,
        stack_area=item.stack_area,
        role_focus=item.role_focus,
    )


def digest(items: Sequence[StandardItem]) -> str:
    """Names what a draft says: another draft under the same number has another name."""
    texts = [(item.key, *(str(getattr(item, name)) for name in FIELDS)) for item in items]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def publish(actor: Person, version: int, *, seen: str, now: datetime) -> None:
    """Let the draft hold from now on; the version before it is superseded. ``seen``: the `digest` of what was read.

    Raises NotVisible, NotPermitted, and Conflict where the draft is another one by now.
    """
    found = get_draft(version)
    require(standard_policy.why_not_publish(people.facts(actor.id, now)))
    if seen != digest(queries.items_of(found.id)):
        raise Conflict(Message("The draft is another one by now. Read it through, then publish it."))
    former = queries.current_standard()
    if former is not None:
        former.state = StandardState.SUPERSEDED
    found.state, found.published_at = StandardState.PUBLISHED, now
    db.session.flush()
    _record("standard.published", actor, found, now=now, audience=Audience.PUBLIC)


def discard(actor: Person, version: int, *, now: datetime) -> None:
    """Throw the draft away. Raises NotVisible, NotPermitted."""
    found = get_draft(version)
    require(standard_policy.why_not_draft(people.facts(actor.id, now)))
    _record("standard.discarded", actor, found, now=now, audience=Audience.DECIDERS)
    own = StandardItem.standard_id == found.id
    db.session.execute(delete(StandardItem).where(own).execution_options(synchronize_session="fetch"))
    db.session.delete(found)
    db.session.flush()


def _record(code: str, actor: Person | None, standard: Standard, *, now: datetime, audience: Audience) -> None:
    audit.record(
        code,
        actor_id=actor.id if actor else None,
        actor_kind=None if actor else ActorKind.COMMAND,
        at=now,
        subject_id=standard.id,
        audience=audience,
        version=standard.version,
    )

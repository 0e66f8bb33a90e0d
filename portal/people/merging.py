"""One person with two accounts: linking a further wiki account, and making two people one.

After a merge every row that named the one names the other, so all deny rules and all counts see one person. Only the
timeline keeps the old number: it says what happened then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Table, UniqueConstraint, and_, delete, or_, select, true, update
from sqlalchemy.orm import aliased, contains_eager

from portal.audit import services as audit
from portal.audit.models import Audience, Event
from portal.database import Base
from portal.errors import Message, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people import queries, sessions, sign_in
from portal.people.models import MergeProposal, Person
from portal.people.wiki_account import WikiAccount

STAYS = {"merge_proposal"}  # says who was proposed, also afterwards
PASSIVE = {  # rows about a person that are no act of theirs
    ("wiki_identity", "person_id"),
    ("name_binding", "person_id"),
    ("sign_in", "person_id"),
    ("held_form", "person_id"),
    ("person", "merged_into_id"),
    ("merge_proposal", "person_id"),
    ("merge_proposal", "other_id"),
    ("role_assignment", "person_id"),
    ("capacity_assignment", "person_id"),
    ("nda", "person_id"),
    ("nda", "confirmed_by_id"),
    ("grant", "person_id"),
    ("delivery", "person_id"),
    ("turn", "person_id"),
    ("reminder", "person_id"),
    ("mail_address", "person_id"),
    ("mail_wish", "person_id"),
    ("mail_stop", "person_id"),
    ("digest", "person_id"),
    ("calendar_address", "person_id"),
    ("mentorship", "mentor_id"),
}
ARRIVALS = (  # coming in is no act
    "person.arrived",
    "person.renamed",
    "identity.bound",
    "identity.linked",
    "identity.locked",
    "identity.unlocked",
)


class LinkOutcome(StrEnum):
    """What became of "Link another wiki account"."""

    LINKED = "linked"
    OWN = "own"
    MERGED = "merged"
    PROPOSED = "proposed"


def link(person_id: int, account: WikiAccount, *, now: datetime) -> LinkOutcome:
    """Link the account that just signed in to this person.

    An account of somebody who has acted waits for a decider; one of somebody who never did is taken in at once.
    """
    identity = sign_in.find(account.issuer, account.sub)
    if identity is None:
        waiting = sign_in.waiting_person(account, now=now)
        if waiting is None:
            identity = sign_in.add_identity(person_id, account, now=now)
            audit.record("identity.linked", actor_id=person_id, at=now, person_id=person_id, subject_id=identity.id)
            return LinkOutcome.LINKED
        identity = sign_in.take_binding(waiting, account, now=now)
    sign_in.follow(identity, account, now=now)
    if identity.person_id == person_id:
        return LinkOutcome.OWN
    if has_acted(identity.person_id):
        _propose(person_id, identity.person_id, now=now)
        return LinkOutcome.PROPOSED
    merge(person_id, identity.person_id, actor_id=person_id, now=now)
    return LinkOutcome.MERGED


def has_acted(person_id: int) -> bool:
    """Whether anything on record was done by this person, besides coming in."""
    acts = select(Event.id).where(Event.actor_id == person_id, Event.code.not_in(ARRIVALS)).limit(1)
    if db.session.scalar(acts) is not None:
        return True
    return any(
        db.session.scalar(select(column).where(column == person_id).limit(1)) is not None
        for table, column in references()
        if (table.name, column.name) not in PASSIVE
    )


def references() -> Iterator[tuple[Table, Column[int]]]:
    """Every column of every table that names a person."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "person" for key in column.foreign_keys):
                yield table, column


def merge(person_id: int, other_id: int, *, actor_id: int, now: datetime) -> None:
    """Make the other part of the person: all their rows move over and their sessions end."""
    sessions.end_all(other_id, now=now)
    db.session.flush()
    for table, column in references():
        if table.name in STAYS:
            continue
        _drop_doubles(table, column, person_id, other_id)
        db.session.execute(update(table).where(column == other_id).values({column.name: person_id}))
    db.session.execute(update(Person).where(Person.id == other_id).values(merged_into_id=person_id))
    db.session.expire_all()
    audit.record("person.merged", actor_id=actor_id, at=now, person_id=person_id, subject_id=other_id)


def _drop_doubles(table: Table, column: Column[int], person_id: int, other_id: int) -> None:
    """Where both stand in the same place (recused from the same request), the person's own row says it already."""
    for names in _unique_with(table, column):
        mine = table.alias()
        same = and_(true(), *(mine.c[name] == table.c[name] for name in names))
        double = select(mine.c[column.name]).where(mine.c[column.name] == person_id, same).exists()
        db.session.execute(delete(table).where(column == other_id, double))


def _unique_with(table: Table, column: Column[int]) -> Iterator[list[str]]:
    """The other columns of each unique constraint or index this column is in."""
    groups = [list(item.columns) for item in table.constraints if isinstance(item, UniqueConstraint)]
    groups += [list(index.columns) for index in table.indexes if index.unique]
    for columns in groups:
        names = [part.name for part in columns]
        if column.name in names:
            yield [name for name in names if name != column.name]


def _propose(person_id: int, other_id: int, *, now: datetime) -> None:
    for proposal in open_proposals():
        if {proposal.person_id, proposal.other_id} == {person_id, other_id}:
            return
    proposal = MergeProposal(person_id=person_id, other_id=other_id, proposed_at=now)
    db.session.add(proposal)
    db.session.flush()
    audit.record(
        "merge.proposed",
        actor_id=person_id,
        at=now,
        person_id=other_id,
        subject_id=proposal.id,
        audience=Audience.DECIDERS,
    )


def open_proposals() -> list[MergeProposal]:
    """What waits for a decider, the oldest first. A proposal whose two people became one meanwhile is done."""
    person, other = aliased(Person), aliased(Person)
    query = (
        select(MergeProposal)
        .join(person, MergeProposal.person_id == person.id)
        .join(other, MergeProposal.other_id == other.id)
        .where(
            MergeProposal.settled_at.is_(None),
            or_(person.merged_into_id.is_(None), person.merged_into_id != other.id),
            or_(other.merged_into_id.is_(None), other.merged_into_id != person.id),
        )
        .order_by(MergeProposal.id)
        .options(
            contains_eager(MergeProposal.person.of_type(person)), contains_eager(MergeProposal.other.of_type(other))
        )
    )
    return list(db.session.scalars(query))


def why_not_settle(actor_id: int, proposal: MergeProposal, *, now: datetime) -> Message | None:
    """Why this person may not confirm or refuse the merge, or None if they may. Nobody decides on themselves."""
    facts = queries.facts(actor_id, now)
    if facts.locked or not facts.decides:
        return Message("Only the Director or the Deputy may say whether two people are one.")
    if actor_id in _both(proposal):
        return Message("This is about yourself. Somebody else who decides has to say it.")
    return None


def _both(proposal: MergeProposal) -> set[int]:
    people = [queries.get(proposal.person_id), queries.get(proposal.other_id)]
    return {person.id for person in people if person is not None}


def settle(actor_id: int, proposal_id: int, *, accept: bool, now: datetime) -> MergeProposal:
    """Confirm or refuse a merge. Raises NotVisible, NotPermitted, WrongState."""
    proposal = db.session.get(MergeProposal, proposal_id)
    if proposal is None:
        raise NotVisible
    reason = why_not_settle(actor_id, proposal, now=now)
    if reason is not None:
        raise NotPermitted(reason)
    if proposal.settled_at is not None:
        raise WrongState("This was settled already.")
    person, other = queries.get(proposal.person_id), queries.get(proposal.other_id)
    if person is None or other is None or person.id == other.id:
        raise WrongState("These two are one person already.")
    if accept:
        merge(person.id, other.id, actor_id=actor_id, now=now)
    else:
        audit.record(
            "merge.refused",
            actor_id=actor_id,
            at=now,
            person_id=other.id,
            subject_id=proposal.id,
            audience=Audience.DECIDERS,
        )
    proposal.settled_at, proposal.settled_by_id, proposal.accepted = now, actor_id, accept
    return proposal

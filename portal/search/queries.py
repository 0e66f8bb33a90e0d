"""Finding what is no request: people by the index, and the organisation's own words, which are few, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, true

from portal.access import queries as access_queries
from portal.access.models import Grant
from portal.errors import Message
from portal.extensions import db
from portal.index import queries as index
from portal.index.asking import Question
from portal.index.models import Indexed, What
from portal.org import organisation
from portal.people import policy as people_policy
from portal.people.facts import PersonFacts
from portal.people.models import CapacityAssignment, Person, RoleAssignment
from portal.web.paging import Page


@dataclass(frozen=True, slots=True)
class Called:
    """A person that was found; ``id`` is that of the name in the index, to page by."""

    id: int
    person_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of the catalogue: what it is, its name, a sentence, and where it stands (endpoint, values)."""

    what: Message
    name: str
    says: str
    endpoint: str
    values: dict[str, Any]


def people(
    reader: PersonFacts | None, question: Question, *, before: int | None, size: int, now: datetime
) -> Page[Called]:
    """One page of the people whose name has all the terms and whose page the reader may see, the newest first."""

    def open_to_reader(query: Select[Any], rows: index.Row) -> Select[Any]:
        query = query.join(Person, Person.id == rows.subject_id)
        return query.where(Person.merged_into_id.is_(None), _page_is_open(reader, now))

    found = index.among(Indexed.what == What.PERSON, question, open_to_reader, before=before, size=size)
    columns = (Indexed.id, Person.id, Person.name)
    query = select(*columns).join(Person, Person.id == Indexed.subject_id).where(Indexed.id.in_(found.ids))
    called = [Called(*row) for row in db.session.execute(query.order_by(Indexed.id.desc()))]
    return Page(called, found.older, before is None)


def _page_is_open(reader: PersonFacts | None, now: datetime) -> ColumnElement[bool]:
    """SQL: the reader may see this person's page, as `portal.people.visibility` says."""
    if people_policy.reads_team_pages(reader):
        return true()
    conditions: list[ColumnElement[bool]] = [
        exists().where(RoleAssignment.person_id == Person.id),
        exists().where(CapacityAssignment.person_id == Person.id),
    ]
    if access_queries.names_are_public(now):
        conditions.append(exists().where(Grant.person_id == Person.id))
    if reader is not None:
        conditions.append(Person.id == reader.id)
    return or_(*conditions)


def catalogue(question: Question) -> list[Entry]:
    """The roles, access and rules that have all the terms, in the order of the data."""
    return [entry for entry, text in _everything() if question.fits(text)]


def _everything() -> Iterator[tuple[Entry, str]]:
    data = organisation()
    for _tier, roles in data.roles_by_tier():
        for role in roles:
            found = Entry(Message("Role"), role.name, role.summary, "org.roles", {"_anchor": role.key})
            yield found, " ".join((role.name, role.summary, *role.powers, *role.duties, *role.limits))
    for item in data.access_items():
        if not item.retired:
            what = Message("Shell group") if item.type == "access_group" else Message("System")
            found = Entry(what, item.name, item.summary, "access.index", {"item": item.key})
            yield found, f"{item.name} {item.key} {item.summary}"
    for rule in data.rules.values():
        kind = next(iter(rule.values))
        yield Entry(Message("Rule"), rule.sentence, rule.note, "rules.index", {"_anchor": kind}), rule.sentence

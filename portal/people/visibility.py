"""Whose page a reader may see: roles and access are public, all others are for themselves and the team."""

from __future__ import annotations

from datetime import datetime

from portal.errors import NotVisible
from portal.people import current, policy, queries, sections, team_queries
from portal.people.facts import PersonFacts
from portal.people.models import Person
from portal.web import clock


def visible_person(person_id: int) -> Person:
    """The person, or the one they became part of. Raises NotVisible, the same for nobody and for not yours to see."""
    person = queries.get(person_id)
    if person is None or not may_see(current.actor_facts(), person.id, clock.now()):
        raise NotVisible
    return person


def may_see(viewer: PersonFacts | None, person_id: int, now: datetime) -> bool:
    """Whether this reader may see this person's page."""
    if viewer is not None and viewer.id == person_id:
        return True
    if policy.reads_team_pages(viewer) or team_queries.ever_held_something(person_id):
        return True
    return any(section.public for section in sections.of_person(person_id, None, now))

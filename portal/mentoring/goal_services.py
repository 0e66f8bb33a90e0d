"""Changing goals: set, reached, open again, dropped. Both of the two do it, while it goes on."""

from __future__ import annotations

from datetime import datetime

from portal.assessments import queries as assessments
from portal.audit import services as audit
from portal.audit.models import Audience
from portal.errors import Invalid, Message, WrongState
from portal.extensions import db
from portal.mentoring import policy, queries
from portal.mentoring.models import MentoringGoal, Mentorship, MentorshipState
from portal.mentoring.services import refuse_if
from portal.people import queries as people
from portal.people.models import Person

TARGETS = (1, 2, 3)


def set_goal(actor: Person, mentorship_id: int, item_key: str, target: int, *, now: datetime) -> MentoringGoal:
    """Aim at a score for an item of the current standard; an item that is a goal already gets the new target.

    Raises NotVisible, NotPermitted, WrongState, Invalid.
    """
    row = _open(actor, mentorship_id, now)
    standard = assessments.current_standard()
    items = {item.key: item for item in assessments.items_of(standard.id)} if standard else {}
    if item_key not in items:
        raise Invalid(Message("Choose an item of the current standard."), field="item")
    if target not in TARGETS:
        raise Invalid(Message("A goal is a score from 1 to 3."), field="target")
    found = next((goal for goal in queries.goals_of(row.id) if goal.item.key == item_key), None)
    if found is None:
        found = MentoringGoal(mentorship_id=row.id)
        db.session.add(found)
    found.item_id, found.target = items[item_key].id, target
    found.set_by_id, found.set_at, found.reached_at = actor.id, now, None
    db.session.flush()
    _record("mentoring.goal_set", found, row, actor, now)
    return found


def settle_goal(actor: Person, mentorship_id: int, goal_id: int, *, reached: bool, now: datetime) -> None:
    """Say that a goal is reached, or open again. Said twice, nothing changes. Raises what `set_goal` does."""
    row, goal = _goal(actor, mentorship_id, goal_id, now)
    if (goal.reached_at is not None) == reached:
        return
    goal.reached_at = now if reached else None
    _record("mentoring.goal_reached" if reached else "mentoring.goal_reopened", goal, row, actor, now)


def drop_goal(actor: Person, mentorship_id: int, goal_id: int, *, now: datetime) -> None:
    """Take a goal off the list. Raises what `set_goal` does."""
    row, goal = _goal(actor, mentorship_id, goal_id, now)
    _record("mentoring.goal_dropped", goal, row, actor, now)
    db.session.delete(goal)


def _goal(actor: Person, mentorship_id: int, goal_id: int, now: datetime) -> tuple[Mentorship, MentoringGoal]:
    queries.get_visible(people.facts(actor.id, now), mentorship_id)
    goal = queries.goal(mentorship_id, goal_id)
    return _open(actor, mentorship_id, now), goal


def _open(actor: Person, mentorship_id: int, now: datetime) -> Mentorship:
    facts = people.facts(actor.id, now)
    row = queries.get_visible(facts, mentorship_id)
    refuse_if(policy.why_not_set_goals(facts, queries.facts_of(row)))
    if row.state is not MentorshipState.ACTIVE:
        raise WrongState(policy.MOVED_ON[row.state])
    return row


def _record(code: str, goal: MentoringGoal, row: Mentorship, actor: Person, now: datetime) -> None:
    audit.record(
        code,
        actor_id=actor.id,
        at=now,
        person_id=row.mentee_id,
        subject_id=row.id,
        audience=Audience.DECIDERS,
        goal=goal.id,
        target=goal.target,
    )

"""What waits for somebody: drafts, reviews, and in a double marking the next step that is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from portal.assessments import policy, queries, rounds
from portal.assessments.marking import Round, may_begin_final
from portal.assessments.models import Assessment, AssessmentType, Seat
from portal.assessments.queries import Progress
from portal.errors import Message
from portal.people import queries as people
from portal.people.facts import PersonFacts
from portal.web.addresses import path_to
from portal.web.attention import Attention


def of_person(person_id: int, now: datetime) -> Iterator[Attention]:
    """Unfinished drafts, what somebody was asked to mark, and rounds that wait for them."""
    drafts, documents = queries.waiting_for(person_id)
    me = people.facts(person_id, now)
    for draft, progress in drafts:
        if policy.may_open_draft(me, draft):
            yield _of_draft(draft, progress)
    names = {found.marking_id: (found.person.name, found.created_at) for found in reversed(documents)}
    for id, of in rounds.by_round(documents).items():
        for reason in _waits(of, me):
            title = Message("Double marking of %(name)s", name=names[id][0])
            yield Attention(path_to("marking.show", marking_id=id), title, reason, names[id][1])


def _of_draft(draft: Assessment, progress: Progress) -> Attention:
    done = Message("%(done)s of %(total)s", done=progress.done, total=progress.total)
    url = path_to("assessment.show", assessment_id=draft.id)
    if draft.supersedes_id is not None and draft.type is not AssessmentType.FINAL:
        title = Message("A correction that you began: %(name)s", name=draft.person.name)
        return Attention(
            url, title, Message("Not finished yet: %(done)s items have a score.", done=done), draft.created_at
        )
    if draft.type is AssessmentType.SELF:
        reason = Message("Not finished yet: %(done)s items have a score.", done=done)
        return Attention(url, Message("Your self-assessment"), reason, draft.updated_at)
    if draft.type is AssessmentType.FINAL:
        title = Message("Final check of %(name)s", name=draft.person.name)
        reason = Message("You and the other marker agree the scores: %(done)s items have one.", done=done)
        url = path_to("marking.show", marking_id=draft.marking_id) if draft.marking_id else url
        return Attention(url, title, reason, draft.created_at)
    if draft.seat is not None:
        title = Message("Marking of %(name)s", name=draft.person.name)
        reason = Message("One of two independent markings: %(done)s items have a score.", done=done)
        return Attention(url, title, reason, draft.created_at)
    title = Message("Mentor review of %(name)s", name=draft.person.name)
    reason = Message("You were asked to review their work: %(done)s items have a score.", done=done)
    return Attention(url, title, reason, draft.created_at)


def _waits(of: Round, me: PersonFacts) -> Iterator[Message]:
    """To the person: a seat that nobody has taken, own scores. To both markers: that the final check can begin."""
    if of.person_id == me.id and of.vacant:
        yield Message("A marker is missing. Name somebody.")
    if may_begin_final(me, of):
        yield Message("Both markings are in. You and the other marker make the final check.")
    if of.person_id == me.id and of.original(Seat.OWN) is None and not of.revealed:
        yield Message("Your own scores are missing. Start a self-assessment.")

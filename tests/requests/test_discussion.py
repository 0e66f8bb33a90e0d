"""The discussion: comments, questions and answers, positions, sponsors, recusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Text
from portal.errors import Conflict, NotPermitted, NotVisible, WrongState
from portal.extensions import db
from portal.people.models import Person
from portal.requests import clock_jobs, discussion_services, fact_queries, filing_services, queries
from portal.requests.discussion_models import Comment, CommentAudience, Position, Relation, Stance
from portal.requests.discussion_services import TextConflict
from portal.requests.filing_checks import DuplicateRequest
from portal.requests.workflow import State
from portal.web import clock
from portal.web.unit_of_work import unit_of_work
from tests import factories as people
from tests.requests import factories
from tests.requests.factories import CANARY, details, do, events, get, state, team_request

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("whole_timeline")]
TEAM, SHARED = CommentAudience.TEAM, CommentAudience.SHARED


def say(actor: Person, request_id: int, audience: CommentAudience = SHARED, **kwargs: Any) -> int:
    return do(discussion_services.comment, actor, request_id, f"I say {CANARY}", audience=audience, **kwargs).id


def ask(actor: Person, request_id: int, **kwargs: Any) -> int:
    return do(discussion_services.ask, actor, request_id, f"Which servers? {CANARY}", **kwargs).id


def answer(actor: Person, request_id: int, question_id: int, **kwargs: Any) -> None:
    do(discussion_services.answer, actor, request_id, question_id, f"These. {CANARY}", **kwargs)


def edit(actor: Person, request_id: int, comment_id: int, body: str, *, base: int | None = None) -> None:
    base = db.session.get_one(Comment, comment_id).text_id if base is None else base
    do(discussion_services.edit_comment, actor, request_id, comment_id, body, base_text_id=base)


def take(actor: Person, request_id: int, stance: Stance = Stance.SUPPORT, **changes: Any) -> Position:
    parts: dict[str, Any] = {"sentence": None, "relation": None, "revision_number": 1, **changes}
    return do(discussion_services.take_position, actor, request_id, stance, **parts)


def facts(request_id: int) -> Any:
    return fact_queries.facts_of(get(request_id), clock.now())


def test_a_comment_goes_to_the_audience_that_was_chosen(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)

    say(ben, request_id, TEAM)
    say(ben, request_id, SHARED)
    say(ann, request_id, SHARED)

    assert events(request_id)[1:] == ["comment.added/team", "comment.added/shared", "comment.added/shared"]
    assert get(request_id).comment_count == 3


def test_the_candidate_never_writes_to_the_team_alone(app: Flask) -> None:
    director = people.director()
    request_id = team_request(director)

    with pytest.raises(NotPermitted, match="your own request"):
        say(director, request_id, TEAM)


def test_a_stranger_is_told_of_nothing(app: Flask) -> None:
    request_id, stranger = team_request(people.member()), people.volunteer()

    with pytest.raises(NotVisible):
        say(stranger, request_id)
    with pytest.raises(NotVisible):
        say(stranger, request_id + 1000)


def test_a_question_waits_for_its_answer(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)

    question = ask(ben, request_id)
    assert (state(request_id), facts(request_id).open_questions) == (State.NEEDS_INFORMATION, 1)
    answer(ann, request_id, question)

    assert (state(request_id), facts(request_id).open_questions) == (State.DISCUSSION, 0)
    assert events(request_id)[1:] == ["question.added/shared", "answer.added/shared"]


def test_only_the_last_answer_moves_it_back(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)
    first, second = ask(ben, request_id), ask(ben, request_id)

    answer(ann, request_id, first)
    assert state(request_id) is State.NEEDS_INFORMATION
    answer(ann, request_id, second)
    assert state(request_id) is State.DISCUSSION


def test_only_a_question_of_this_request_can_be_answered(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    one, other = team_request(ann), team_request(ann, "system:github")
    question, comment = ask(ben, one), say(ben, other)

    for wrong in (question, comment, 9999):
        with pytest.raises(NotVisible):
            answer(ann, other, wrong)


def closed_without_reply(ann: Person, *, days_ago: float) -> tuple[int, int]:
    """A request that was closed so long ago, and the question that nobody answered."""
    began = days_ago + 31
    request_id = team_request(ann, days_ago=began)
    question = ask(people.member(), request_id, at=clock.now() - timedelta(days=began))
    for ago in (days_ago + 24, days_ago):  # the reminder, and the closing
        with unit_of_work(clock.now() - timedelta(days=ago)) as now:
            clock_jobs.tick(now)
    assert state(request_id) is State.CLOSED
    return request_id, question


def test_a_late_answer_opens_the_request_again(app: Flask) -> None:
    ann = people.member()
    request_id, question = closed_without_reply(ann, days_ago=89)

    answer(ann, request_id, question)

    assert (state(request_id), get(request_id).closed_at) == (State.DISCUSSION, None)
    assert events(request_id)[-2:] == ["answer.added/shared", "request.reopened_by_answer/shared"]


def test_an_answer_after_ninety_days_is_too_late(app: Flask) -> None:
    ann = people.member()
    request_id, question = closed_without_reply(ann, days_ago=91)

    with pytest.raises(WrongState, match="too long ago"):
        answer(ann, request_id, question)

    assert state(request_id) is State.CLOSED
    assert facts(request_id).open_questions == 1


def test_a_late_answer_does_not_bring_back_what_was_asked_anew(app: Flask) -> None:
    ann = people.member()
    request_id, question = closed_without_reply(ann, days_ago=10)
    anew = team_request(ann)

    with pytest.raises(DuplicateRequest) as refused:
        answer(ann, request_id, question)

    assert refused.value.request_id == anew
    assert state(request_id) is State.CLOSED


def test_one_changes_ones_own_words_and_every_version_is_kept(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    comment_id = say(ben, request_id, TEAM)

    edit(ben, request_id, comment_id, f"Better {CANARY}")

    row = db.session.get_one(Comment, comment_id)
    assert (row.text.body, row.edited_at is not None) == (f"Better {CANARY}", True)
    assert len(db.session.scalars(select(Text).where(Text.first_id == row.text.first_id)).all()) == 1
    assert events(request_id)[-1] == "comment.edited/team"


def test_an_edit_of_an_older_version_shows_what_stands_there(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    comment_id = say(ben, request_id)
    base = db.session.get_one(Comment, comment_id).text_id
    edit(ben, request_id, comment_id, "from one window")

    with pytest.raises(TextConflict) as refused:
        edit(ben, request_id, comment_id, "from the other", base=base)

    assert refused.value.current == "from one window"


def test_nobody_changes_the_words_of_others(app: Flask) -> None:
    director, ben = people.director(), people.member()
    request_id, other = team_request(people.member()), team_request(people.member())
    comment_id = say(ben, request_id)

    with pytest.raises(NotPermitted, match="wrote it"):
        edit(director, request_id, comment_id, "mine now")
    with pytest.raises(NotVisible):
        edit(ben, other, comment_id, "elsewhere")


def test_the_newest_position_counts_and_the_earlier_ones_stay(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())

    take(ben, request_id, Stance.OPPOSE, sentence=f"No. {CANARY}", relation=Relation.MENTOR)
    take(ben, request_id, Stance.SUPPORT)

    assert [position.stance for position in facts(request_id).positions] == ["support"]
    rows = db.session.scalars(select(Position).order_by(Position.id)).all()
    assert [(row.stance, row.relation) for row in rows] == [(Stance.OPPOSE, Relation.MENTOR), (Stance.SUPPORT, None)]
    assert events(request_id)[1:] == ["position.taken/team", "position.taken/team"]


def test_the_same_position_again_says_nothing_new(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())

    assert take(ben, request_id).id == take(ben, request_id).id
    assert len(events(request_id)) == 2


def test_a_position_on_what_is_no_longer_asked_is_refused(app: Flask) -> None:
    ann, ben = people.member(), people.member()
    request_id = team_request(ann)
    base = queries.edit_base(request_id, 1)
    do(filing_services.revise, ann, request_id, details("access_expansion", ann, "system:github"), base=base)

    with pytest.raises(Conflict, match="changed while you read it"):
        take(ben, request_id, revision_number=1)

    assert take(ben, request_id, revision_number=2).revision_id == queries.current_revision(get(request_id)).id


@pytest.mark.parametrize("make", [people.director, people.volunteer, people.board_member])
def test_who_decides_or_is_no_member_takes_no_position(app: Flask, make: Any) -> None:
    request_id = team_request(people.member())
    person = make()

    with pytest.raises((NotPermitted, NotVisible)):
        take(person, request_id)


def test_the_requester_may_speak_but_does_not_count(app: Flask) -> None:
    from portal.requests import readiness

    ann, vera = people.member(), people.volunteer()
    request_id = team_request(ann, "role:software_engineer", candidate=vera, kind="new_member")
    do(filing_services.agree, vera, request_id)

    take(ann, request_id)

    assert readiness.counted_positions(facts(request_id)) == frozenset()


def test_a_sponsor_vouches_once_and_may_withdraw_and_never_decides_again(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.volunteer(), "role:software_engineer", kind="new_member")

    do(discussion_services.sponsor, ben, request_id, f"I know them. {CANARY}")
    assert facts(request_id).sponsors == {ben.id}
    with pytest.raises(WrongState, match="already"):
        do(discussion_services.sponsor, ben, request_id, None)
    do(discussion_services.withdraw_sponsorship, ben, request_id)

    assert (facts(request_id).sponsors, facts(request_id).sponsors_ever) == (frozenset(), {ben.id})
    assert events(request_id)[1:] == ["sponsorship.given/shared", "sponsorship.withdrawn/shared"]
    do(discussion_services.sponsor, ben, request_id, None)
    assert facts(request_id).sponsors == {ben.id}


def test_neither_the_candidate_nor_the_director_sponsors(app: Flask) -> None:
    ann, director = people.member(), people.director()
    request_id = team_request(ann)

    for person in (ann, director):
        with pytest.raises(NotPermitted):
            do(discussion_services.sponsor, person, request_id, None)


def test_who_recused_themselves_takes_no_part_any_more(app: Flask) -> None:
    ben = people.member()
    request_id = team_request(people.member())
    take(ben, request_id)

    do(discussion_services.recuse, ben, request_id, f"We are married. {CANARY}")

    assert facts(request_id).recused == {ben.id}
    assert events(request_id)[-1] == "recusal.declared/team"
    with pytest.raises(NotPermitted, match="recused yourself"):
        take(ben, request_id, Stance.OPPOSE)
    with pytest.raises(NotPermitted, match="recused yourself"):
        say(ben, request_id)
    with pytest.raises(WrongState, match="already"):
        do(discussion_services.recuse, ben, request_id, None)


def test_the_candidate_cannot_recuse_themselves(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann)

    with pytest.raises(NotPermitted):
        do(discussion_services.recuse, ann, request_id, None)


def test_nothing_is_discussed_before_the_candidate_agreed_or_after_the_end(app: Flask) -> None:
    ann, ben, carl = people.member(), people.member(), people.member()
    request_id = team_request(ann, candidate=ben)

    with pytest.raises(WrongState):
        ask(carl, request_id)
    do(filing_services.withdraw, ann, request_id)
    with pytest.raises(WrongState):
        take(carl, request_id)
    with pytest.raises(WrongState):
        do(discussion_services.sponsor, carl, request_id, None)


def test_the_last_word_is_when_somebody_last_spoke(app: Flask) -> None:
    ann = people.member()
    request_id = team_request(ann, days_ago=5)

    say(ann, request_id)

    assert clock.now() - get(request_id).updated_at < timedelta(minutes=1)
    assert factories.chain_is_whole()

"""Each thing people can do about a request, done to the portal and to the rulebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.extensions import db
from portal.requests import decision_services, discussion_services, filing_services, objection_services, queries
from portal.requests.discussion_models import Comment, CommentAudience, CommentType, Concern, Stance
from tests.requests import factories
from tests.requests.rulebook import DAY, Asked, Decided, Question, Rulebook

ITEMS = ("system:grafana", "system:github", "system:matomo")


@dataclass
class Deed:
    """Somebody does something to a request; ``number`` and ``flag`` say which of several, and how."""

    book: Rulebook
    asked: Asked
    who: str
    actor_id: int
    request_id: int
    number: int
    flag: bool

    def call(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return service(self.actor_id, self.request_id, *args, now=self.book.now, **kwargs)


def _ids(deed: Deed, model: Any, *where: Any) -> list[int]:
    query = select(model.id).where(model.request_id == deed.request_id, *where)
    return list(db.session.scalars(query.order_by(model.id)))


def questions_of(deed: Deed) -> list[int]:
    return _ids(deed, Comment, Comment.type == CommentType.QUESTION)


def concerns_of(deed: Deed) -> list[int]:
    return _ids(deed, Concern)


def chosen(deed: Deed, found: list[Any]) -> int | None:
    """The place of the one that this is about, if there is any."""
    return deed.number % len(found) if found else None


class Doing:
    """What it is called in the rulebook, how the portal is asked, and what it changes there if it may be done."""

    name = ""
    ends = False  # nothing more comes of the request
    quiet = False  # nothing is allowed or forbidden by it

    def also(self, deed: Deed) -> bool:
        """What has to hold beside the permission."""
        return True

    def do(self, deed: Deed) -> None:
        raise NotImplementedError

    def note(self, deed: Deed) -> None:
        """The change in the rulebook; one event is counted for every deed."""


class Agree(Doing):
    name = "agree"

    def do(self, deed: Deed) -> None:
        deed.call(filing_services.agree)

    def note(self, deed: Deed) -> None:
        deed.asked.agreed, deed.asked.discussed_since = True, deed.book.now
        deed.asked.become("with_board" if deed.asked.boards else "discussion", deed.book.now)


class Edit(Doing):
    """Ask for something else."""

    name = "edit"

    def item(self, deed: Deed) -> str:
        return deed.asked.item if deed.asked.kind == "new_member" else ITEMS[deed.number % len(ITEMS)]

    def also(self, deed: Deed) -> bool:
        asked = deed.asked
        return deed.book.can_be_asked(asked.requester, asked.candidate, asked.kind, self.item(deed), asked)

    def do(self, deed: Deed) -> None:
        row = factories.get(deed.request_id)
        wanted = factories.details(deed.asked.kind, row.candidate, self.item(deed))
        base = queries.edit_base(row.id, row.revision_number)
        deed.call(filing_services.revise, wanted, base=base)

    def note(self, deed: Deed) -> None:
        asked = deed.asked
        if self.item(deed) == asked.item:
            asked.events -= 1
            return
        asked.item, asked.revision, asked.positions = self.item(deed), asked.revision + 1, {}
        if deed.who != asked.candidate:
            asked.agreed = False
            asked.become("agreement", deed.book.now)
        asked.discussed_since = None if asked.state == "agreement" else deed.book.now


class Withdraw(Doing):
    name = "withdraw"
    ends = True

    def do(self, deed: Deed) -> None:
        deed.call(filing_services.withdraw)

    def note(self, deed: Deed) -> None:
        deed.asked.become("withdrawn", deed.book.now)


class CommentShared(Doing):
    name = "comment"
    quiet = True
    audience = CommentAudience.SHARED

    def do(self, deed: Deed) -> None:
        deed.call(discussion_services.comment, "Words.", audience=self.audience)


class CommentTeam(CommentShared):
    name = "comment_team"
    audience = CommentAudience.TEAM


class Ask(Doing):
    name = "ask"

    def do(self, deed: Deed) -> None:
        deed.call(discussion_services.ask, "Why?")

    def note(self, deed: Deed) -> None:
        deed.asked.questions.append(Question(deed.book.now))
        if deed.asked.state == "discussion":
            deed.asked.become("needs_information", deed.book.now)


class Answer(Doing):
    """The last answer leads back to the discussion; within 90 days it opens what was closed for want of one."""

    name = "answer"

    def also(self, deed: Deed) -> bool:
        asked, book = deed.asked, deed.book
        if not asked.questions:
            return False
        if asked.state != "closed":
            return True
        late = asked.closed_at is not None and book.now - asked.closed_at > 90 * DAY
        return not late and not (self.is_last(deed) and book.asked_already(asked.candidate, asked.item, asked))

    def is_last(self, deed: Deed) -> bool:
        answered = deed.asked.questions[deed.number % len(deed.asked.questions)]
        return all(question is answered for question in deed.asked.open_questions)

    def do(self, deed: Deed) -> None:
        found = questions_of(deed)
        place = chosen(deed, found)
        deed.call(discussion_services.answer, 0 if place is None else found[place], "Because.")

    def note(self, deed: Deed) -> None:
        asked, last = deed.asked, self.is_last(deed)
        asked.questions[deed.number % len(asked.questions)].answered = True
        if last and asked.state in ("closed", "needs_information"):
            asked.events += asked.state == "closed"
            asked.become("discussion", deed.book.now)


class Position(Doing):
    name = "position"

    def stance(self, deed: Deed) -> Stance:
        return Stance.SUPPORT if deed.flag else Stance.OPPOSE

    def do(self, deed: Deed) -> None:
        revision = deed.asked.revision
        deed.call(
            discussion_services.take_position, self.stance(deed), sentence=None, relation=None, revision_number=revision
        )

    def note(self, deed: Deed) -> None:
        asked = deed.asked
        if asked.positions.get(deed.who) == str(self.stance(deed)):
            asked.events -= 1  # said already
        else:
            asked.positions[deed.who] = str(self.stance(deed))
            asked.positions_ever += 1


class RaiseConcern(Doing):
    name = "concern"

    def do(self, deed: Deed) -> None:
        deed.call(objection_services.raise_concern, "Keys", "A worry.")

    def note(self, deed: Deed) -> None:
        deed.asked.concerns.append(deed.who)


class Resolve(Doing):
    name = "resolve"

    def also(self, deed: Deed) -> bool:
        place = chosen(deed, deed.asked.concerns)
        return place in deed.asked.open_concerns and deed.asked.concerns[place] == deed.who

    def do(self, deed: Deed) -> None:
        found = concerns_of(deed)
        place = chosen(deed, found)
        deed.call(objection_services.resolve_concern, 0 if place is None else found[place], "Settled.")

    def note(self, deed: Deed) -> None:
        deed.asked.closed_concerns.add(deed.number % len(deed.asked.concerns))


class Sponsor(Doing):
    name = "sponsor"

    def also(self, deed: Deed) -> bool:
        return deed.who not in deed.asked.sponsors

    def do(self, deed: Deed) -> None:
        deed.call(discussion_services.sponsor, None)

    def note(self, deed: Deed) -> None:
        deed.asked.sponsors.add(deed.who)
        deed.asked.once_sponsors.add(deed.who)


class Unsponsor(Doing):
    name = "unsponsor"

    def do(self, deed: Deed) -> None:
        deed.call(discussion_services.withdraw_sponsorship)

    def note(self, deed: Deed) -> None:
        deed.asked.sponsors.discard(deed.who)


class Recuse(Doing):
    name = "recuse"

    def also(self, deed: Deed) -> bool:
        return deed.who not in deed.asked.recused

    def do(self, deed: Deed) -> None:
        deed.call(discussion_services.recuse, None)

    def note(self, deed: Deed) -> None:
        deed.asked.recused.add(deed.who)


class Link(Doing):
    name = "link"
    quiet = True

    def do(self, deed: Deed) -> None:
        deed.call(objection_services.link_page, "https://phorge.example.org/T1", "A task")


class Note(Doing):
    name = "note"
    quiet = True

    def do(self, deed: Deed) -> None:
        deed.call(objection_services.write_note, "Between us.")


class Refer(Doing):
    name = "refer"

    def do(self, deed: Deed) -> None:
        deed.call(decision_services.refer, "For you.")

    def note(self, deed: Deed) -> None:
        deed.asked.become("with_board", deed.book.now)


class Reopen(Doing):
    name = "reopen"

    def also(self, deed: Deed) -> bool:
        return not deed.book.asked_already(deed.asked.candidate, deed.asked.item, deed.asked)

    def do(self, deed: Deed) -> None:
        deed.call(decision_services.reopen)

    def note(self, deed: Deed) -> None:
        asked = deed.asked
        asked.revision, asked.positions, asked.discussed_since = asked.revision + 1, {}, deed.book.now
        asked.become("with_board" if asked.decisions[-1].capacity == "board" else "discussion", deed.book.now)


class Review(Doing):
    name = "review"

    def do(self, deed: Deed) -> None:
        found = queries.decisions(deed.request_id)
        waiting = [one.id for one in found if one.acting and one.reviewed_at is None]
        deed.call(decision_services.review, min(waiting, default=0))

    def note(self, deed: Deed) -> None:
        waits = deed.book.unreviewed(deed.asked)
        assert waits is not None
        waits.reviewed = True


class Decline(Doing):
    """Not yet."""

    name = "decide"
    ends = True
    approve = False
    service = staticmethod(decision_services.decide)

    def also(self, deed: Deed) -> bool:
        book, asked = deed.book, deed.asked
        return not self.approve or not (book.forbidden(asked) or (book.lacking(asked) and not deed.flag))

    def do(self, deed: Deed) -> None:
        ruling = factories.ruling(
            deed.request_id,
            approve=self.approve,
            at=deed.book.now,
            anyway="It cannot wait." if deed.flag else None,
            overrides=dict.fromkeys(concerns_of(deed), "Weighed."),
            **self.extra_of(deed),
        )
        deed.call(self.service, ruling)

    def extra_of(self, deed: Deed) -> dict[str, Any]:
        return {}

    def capacity(self, deed: Deed) -> str:
        return deed.book.decides_as(deed.who, deed.asked)

    def note(self, deed: Deed) -> None:
        asked, book, capacity = deed.asked, deed.book, self.capacity(deed)
        acting = capacity == "deputy" and book.acting
        asked.decisions.append(Decided(asked.revision, self.approve, capacity, acting))
        if capacity == "director":
            book.acting = False
        if self.approve:
            self.give(deed)
        asked.become("approved" if self.approve else "declined", book.now)

    def give(self, deed: Deed) -> None:
        asked, book = deed.asked, deed.book
        asked.events += len(asked.open_concerns)  # each overridden, on the record
        asked.closed_concerns |= set(asked.open_concerns)
        if asked.kind == "new_member":
            book.members.add(asked.candidate)
        elif (asked.candidate, asked.item) not in book.held:
            asked.grants += 1
        book.held.add((asked.candidate, asked.item))


class Approve(Decline):
    ends = False
    approve = True


class RecordDecline(Decline):
    """The Board's outcome."""

    name = "record"
    service = staticmethod(decision_services.record_outcome)

    def extra_of(self, deed: Deed) -> dict[str, Any]:
        return {"met_on": deed.book.now.date(), "minutes_url": "https://meta.example.org/wiki/Minutes"}

    def capacity(self, deed: Deed) -> str:
        return "board"


class RecordApproval(RecordDecline):
    ends = False
    approve = True


DOINGS: tuple[Doing, ...] = (
    *(Agree(), Edit(), Withdraw(), CommentShared(), CommentTeam(), Ask(), Answer(), Position(), RaiseConcern()),
    *(Resolve(), Sponsor(), Unsponsor(), Recuse(), Link(), Note(), Refer(), Reopen(), Review(), Decline(), Approve()),
    *(RecordDecline(), RecordApproval()),
)

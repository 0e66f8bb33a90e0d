"""Who may do what to a request: deny first, one table. Pure.

Each action has one row: in which states it makes sense, and a predicate. Buttons, routes and services ask `refusal`.
Source: the permission matrix of the project (docs/permissions.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.errors import Message, NotPermitted, NotVisible, PortalError, WrongState
from portal.people.facts import PersonFacts
from portal.requests.authority import DecidesAs, authority, excluded, why_not
from portal.requests.facts import RequestFacts
from portal.requests.workflow import DECIDABLE, OPEN_STATES, UNDER_DISCUSSION, Action, State

Predicate = Callable[[PersonFacts, RequestFacts], bool]
ALL_STATES = frozenset(State)
SUBMITTED = ALL_STATES - {State.DRAFT}


def is_candidate(person: PersonFacts, team_request: RequestFacts) -> bool:
    return person.id == team_request.candidate_id


def is_requester(person: PersonFacts, team_request: RequestFacts) -> bool:
    return person.id == team_request.requester_id


def is_party(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Candidate or requester."""
    return is_candidate(person, team_request) or is_requester(person, team_request)


def with_board(team_request: RequestFacts) -> bool:
    """Whether the Board has the word: it was referred, or nobody else may decide."""
    if team_request.state is State.WITH_BOARD:
        return True
    return team_request.state in DECIDABLE and authority(team_request).capacity is DecidesAs.BOARD


def can_read(person: PersonFacts, team_request: RequestFacts) -> bool:
    if team_request.state is State.DRAFT:
        return is_requester(person, team_request)
    return is_party(person, team_request) or person.is_member or person.is_board


def is_team(person: PersonFacts, team_request: RequestFacts) -> bool:
    """A member, or the Board while it has the word; never the candidate."""
    if is_candidate(person, team_request):
        return False
    return person.is_member or (person.is_board and with_board(team_request))


def takes_part(person: PersonFacts, team_request: RequestFacts) -> bool:
    """As `is_team`, without those who recused themselves."""
    return is_team(person, team_request) and person.id not in team_request.recused


def may_share(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Comment where the candidate reads it."""
    return is_party(person, team_request) or takes_part(person, team_request)


def may_advise(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Position and concern: a member who is neither the candidate nor decides it. The Director never advises."""
    if not person.is_member or person.is_director or not takes_part(person, team_request):
        return False
    if person.is_board and with_board(team_request):
        return False
    return authority(team_request).capacity_of(person.id) is None


def may_sponsor(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Vouch for the candidate: not the Director, who decides, and not the requester, who has said so by filing."""
    if person.is_director or is_requester(person, team_request):
        return False
    return person.is_member and takes_part(person, team_request)


def may_recuse(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Candidate and requester are part of it, so they withdraw instead."""
    return not is_party(person, team_request) and (person.is_member or person.is_board)


def may_link(person: PersonFacts, team_request: RequestFacts) -> bool:
    return is_party(person, team_request) or (person.is_member and takes_part(person, team_request))


def may_decide(person: PersonFacts, team_request: RequestFacts) -> bool:
    """As Director or as Deputy."""
    return authority(team_request).capacity_of(person.id) in (DecidesAs.DIRECTOR, DecidesAs.DEPUTY)


def may_reopen(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Whoever may decide it; what the Board declined, only the Board takes up again."""
    if team_request.decided_by_board:
        return person.is_board and excluded(person, team_request) is None
    return may_decide(person, team_request)


def may_record_outcome(person: PersonFacts, team_request: RequestFacts) -> bool:
    """A member of the Board, while it has the word, who is not involved."""
    return person.is_board and with_board(team_request) and excluded(person, team_request) is None


def may_preview(person: PersonFacts, team_request: RequestFacts) -> bool:
    return may_decide(person, team_request) or may_record_outcome(person, team_request)


def may_note(person: PersonFacts, team_request: RequestFacts) -> bool:
    """Private decision notes: of those who decide, so never of candidate or requester, whatever their office."""
    if is_party(person, team_request) or person.id in team_request.recused:
        return False
    return person.decides or (person.is_board and with_board(team_request))


def may_read_key(person: PersonFacts, team_request: RequestFacts) -> bool:
    """The candidate, the Director, and the members while approved shell access waits to be set up."""
    if is_candidate(person, team_request) or person.is_director:
        return True
    return person.is_member and team_request.shell_waits


@dataclass(frozen=True, slots=True)
class Row:
    """One action: where it makes sense, who may, and what a refusal says."""

    states: frozenset[State]
    allows: Predicate
    refused: str = "This is for members of the team who are not involved."


ONLY_PARTY = "Only the candidate and the person who filed the request can do this."
ONLY_MEMBERS = "This is for members of the team, never for the candidate."
ONLY_ADVISERS = "Positions and concerns are for members who are not the candidate and do not decide."
ONLY_DECIDER = "You cannot decide this request now."
ONLY_BOARD = (
    "Only a member of the Board who is not involved can record its outcome, while the request is with the Board."
)

TABLE: dict[Action, Row] = {
    Action.READ: Row(ALL_STATES, can_read),
    Action.READ_TEAM: Row(SUBMITTED, is_team, ONLY_MEMBERS),
    Action.READ_CHECKS: Row(SUBMITTED, can_read),
    Action.READ_EVIDENCE: Row(SUBMITTED, lambda p, r: is_candidate(p, r) or is_team(p, r), ONLY_MEMBERS),
    Action.READ_KEY: Row(SUBMITTED, may_read_key, "The key is for the candidate, the Director and who carries it out."),
    Action.READ_REASONS: Row(SUBMITTED, lambda p, r: p.decides and not is_candidate(p, r), "Only deciders read this."),
    Action.SUBMIT: Row(frozenset({State.DRAFT}), is_requester, "Only the person who began the draft can submit it."),
    Action.AGREE: Row(frozenset({State.AGREEMENT}), is_candidate, "Only the candidate can agree."),
    Action.EDIT: Row(OPEN_STATES, is_party, ONLY_PARTY),
    Action.OFFER_KEY: Row(OPEN_STATES, is_candidate, "Only the candidate can offer a key."),
    Action.CHECK_KEY: Row(OPEN_STATES | {State.DRAFT}, is_candidate, "Only the candidate can offer a key."),
    Action.WITHDRAW: Row(OPEN_STATES | {State.DRAFT}, is_party, ONLY_PARTY),
    Action.COMMENT: Row(SUBMITTED, may_share),
    Action.COMMENT_TEAM: Row(SUBMITTED, takes_part, ONLY_MEMBERS),
    Action.ASK: Row(UNDER_DISCUSSION, takes_part, ONLY_MEMBERS),
    Action.ANSWER: Row(UNDER_DISCUSSION | {State.CLOSED}, may_share, ONLY_PARTY),
    Action.TAKE_POSITION: Row(UNDER_DISCUSSION, may_advise, ONLY_ADVISERS),
    Action.RAISE_CONCERN: Row(UNDER_DISCUSSION, may_advise, ONLY_ADVISERS),
    Action.RESOLVE_CONCERN: Row(UNDER_DISCUSSION, takes_part, "Only its author can resolve a concern."),
    Action.OVERRIDE_CONCERN: Row(DECIDABLE, may_decide, ONLY_DECIDER),
    Action.SPONSOR: Row(UNDER_DISCUSSION, may_sponsor),
    Action.WITHDRAW_SPONSORSHIP: Row(UNDER_DISCUSSION, lambda p, r: p.id in r.sponsors, "You do not sponsor this."),
    Action.RECUSE: Row(UNDER_DISCUSSION, may_recuse),
    Action.LINK_EVIDENCE: Row(OPEN_STATES, may_link),
    Action.UNLINK_EVIDENCE: Row(OPEN_STATES, may_link),
    Action.APPROVE: Row(DECIDABLE, may_decide, ONLY_DECIDER),
    Action.DECLINE: Row(DECIDABLE, may_decide, ONLY_DECIDER),
    Action.REFER: Row(DECIDABLE, may_decide, ONLY_DECIDER),
    Action.PREVIEW: Row(UNDER_DISCUSSION, may_preview, ONLY_DECIDER),
    Action.RECORD_APPROVAL: Row(UNDER_DISCUSSION, may_record_outcome, ONLY_BOARD),
    Action.RECORD_DECLINE: Row(UNDER_DISCUSSION, may_record_outcome, ONLY_BOARD),
    Action.REOPEN: Row(frozenset({State.DECLINED}), may_reopen, ONLY_DECIDER),
    Action.NOTE: Row(SUBMITTED, may_note, "Private notes are for those who decide."),
    Action.REDACT: Row(
        SUBMITTED, lambda p, r: p.decides and not is_candidate(p, r), "Only its author or a decider can."
    ),
    Action.REVIEW: Row(SUBMITTED, lambda p, r: p.is_director and not is_candidate(p, r), "This is for the Director."),
    Action.WATCH: Row(SUBMITTED, can_read),
    Action.MARK_GRANTED: Row(
        frozenset({State.APPROVED}), lambda p, r: p.is_member and not is_candidate(p, r), ONLY_MEMBERS
    ),
}


def refusal(person: PersonFacts | None, action: Action, team_request: RequestFacts) -> PortalError | None:
    """What keeps this person from this action now, as the error to raise; None when nothing does."""
    if person is None or person.locked or not can_read(person, team_request):
        return NotVisible()
    row = TABLE[action]
    if not row.allows(person, team_request):
        return NotPermitted(_why(person, action, team_request, row))
    if team_request.state not in row.states or not _fits(action, team_request):
        return WrongState(Message("This request has moved on, so that is no longer possible."))
    return None


def _fits(action: Action, team_request: RequestFacts) -> bool:
    """What a state alone cannot tell."""
    return action is not Action.REVIEW or team_request.awaits_review


def _why(person: PersonFacts, action: Action, team_request: RequestFacts, row: Row) -> Message:
    if person.id in team_request.recused and action is not Action.RECUSE:
        return Message("You recused yourself from this request.")
    if is_candidate(person, team_request):
        return Message("You take no part in the decision about your own request.")
    if row.allows is may_decide:
        return why_not(person, team_request) or Message(row.refused)
    return Message(row.refused)


def may(person: PersonFacts | None, action: Action, team_request: RequestFacts) -> bool:
    """Whether this person may do this now."""
    return refusal(person, action, team_request) is None


def require(person: PersonFacts | None, action: Action, team_request: RequestFacts) -> None:
    """Raise NotVisible, NotPermitted or WrongState unless the person may."""
    found = refusal(person, action, team_request)
    if found is not None:
        raise found


def allowed(person: PersonFacts | None, team_request: RequestFacts) -> frozenset[Action]:
    """Everything this person may do to this request now."""
    return frozenset(action for action in TABLE if may(person, action, team_request))

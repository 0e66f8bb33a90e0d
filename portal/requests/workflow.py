"""The states of a team request and what leads from one to the next. Pure: no framework, no database."""

from __future__ import annotations

from enum import StrEnum

from portal.errors import Message, WrongState


class State(StrEnum):
    DRAFT = "draft"
    AGREEMENT = "agreement"
    DISCUSSION = "discussion"
    NEEDS_INFORMATION = "needs_information"
    WITH_BOARD = "with_board"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Action(StrEnum):
    """What people do to or about a request; each has one row in `portal.requests.policy`."""

    READ = "read"
    READ_TEAM = "read_team"
    READ_CHECKS = "read_checks"
    READ_EVIDENCE = "read_evidence"
    READ_KEY = "read_key"
    READ_REASONS = "read_reasons"  # of absence and recusal
    SUBMIT = "submit"
    AGREE = "agree"
    AGREE_REFERRED = "agree_referred"  # agreed again to what the Board already has
    ASK_AGREEMENT = "ask_agreement"  # somebody else changed what is asked for
    EDIT = "edit"
    OFFER_KEY = "offer_key"
    CHECK_KEY = "check_key"  # what fingerprint a pasted key has
    WITHDRAW = "withdraw"
    COMMENT = "comment"
    COMMENT_TEAM = "comment_team"
    ASK = "ask"
    ANSWER = "answer"
    TAKE_POSITION = "take_position"
    RAISE_CONCERN = "raise_concern"
    RESOLVE_CONCERN = "resolve_concern"
    OVERRIDE_CONCERN = "override_concern"
    SPONSOR = "sponsor"
    WITHDRAW_SPONSORSHIP = "withdraw_sponsorship"
    RECUSE = "recuse"
    LINK_EVIDENCE = "link_evidence"
    UNLINK_EVIDENCE = "unlink_evidence"
    APPROVE = "approve"
    DECLINE = "decline"
    PREVIEW = "preview"  # what the public will read of an approval
    REFER = "refer"
    RECORD_APPROVAL = "record_approval"  # the Board's outcome
    RECORD_DECLINE = "record_decline"
    REOPEN = "reopen"
    REOPEN_REFERRED = "reopen_referred"  # what the Board declined goes back to the Board
    NOTE = "note"
    REDACT = "redact"
    REVIEW = "review"  # the Director, on return
    MARK_GRANTED = "mark_granted"
    WATCH = "watch"  # or mute: what one is told of it
    LAST_ANSWER = "last_answer"  # the last open question was answered
    LATE_ANSWER = "late_answer"  # an answer within 90 days after closing
    EXPIRE = "expire"  # the clock: no reply for 30 days


OPEN_STATES = frozenset({State.AGREEMENT, State.DISCUSSION, State.NEEDS_INFORMATION, State.WITH_BOARD})
UNDER_DISCUSSION = frozenset({State.DISCUSSION, State.NEEDS_INFORMATION, State.WITH_BOARD})
DECIDABLE = frozenset({State.DISCUSSION, State.NEEDS_INFORMATION})
ENDED = frozenset({State.APPROVED, State.DECLINED, State.WITHDRAWN, State.CLOSED})

# What this table lacks is illegal. SUBMIT leads to agreement where somebody else filed: see `submitted_state`.
TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.DRAFT, Action.SUBMIT): State.DISCUSSION,
    (State.DRAFT, Action.WITHDRAW): State.WITHDRAWN,
    (State.AGREEMENT, Action.AGREE): State.DISCUSSION,
    (State.AGREEMENT, Action.AGREE_REFERRED): State.WITH_BOARD,
    **{(state, Action.ASK_AGREEMENT): State.AGREEMENT for state in OPEN_STATES},
    (State.DISCUSSION, Action.ASK): State.NEEDS_INFORMATION,
    (State.NEEDS_INFORMATION, Action.ASK): State.NEEDS_INFORMATION,
    (State.WITH_BOARD, Action.ASK): State.WITH_BOARD,
    (State.WITH_BOARD, Action.LAST_ANSWER): State.WITH_BOARD,
    (State.NEEDS_INFORMATION, Action.LAST_ANSWER): State.DISCUSSION,
    (State.NEEDS_INFORMATION, Action.EXPIRE): State.CLOSED,
    (State.CLOSED, Action.LATE_ANSWER): State.DISCUSSION,
    (State.DECLINED, Action.REOPEN): State.DISCUSSION,
    (State.DECLINED, Action.REOPEN_REFERRED): State.WITH_BOARD,
    **{(state, Action.WITHDRAW): State.WITHDRAWN for state in OPEN_STATES},
    **{(state, Action.APPROVE): State.APPROVED for state in DECIDABLE},
    **{(state, Action.DECLINE): State.DECLINED for state in DECIDABLE},
    **{(state, Action.REFER): State.WITH_BOARD for state in DECIDABLE},
    **{(state, Action.RECORD_APPROVAL): State.APPROVED for state in UNDER_DISCUSSION},
    **{(state, Action.RECORD_DECLINE): State.DECLINED for state in UNDER_DISCUSSION},
}


def next_state(state: State, action: Action) -> State:
    """Where the action leads. Raises WrongState if it is not possible from here."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise WrongState(Message("This request has moved on, so that is no longer possible.")) from None


def submitted_state(*, filed_for_oneself: bool) -> State:
    """A request about somebody else waits for their "I agree"."""
    return State.DISCUSSION if filed_for_oneself else State.AGREEMENT

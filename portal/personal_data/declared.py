"""Which rows are about a person, by the columns that name them. A test holds every such column to be on this page.

Source: the promise in issue 5, "everyone can download everything about themselves", with the matrix of who reads what:
the file holds what the person wrote or may read anyway, never what others wrote among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

OWN: Mapping[str, tuple[str, ...]] = {
    "person": ("id",),
    "wiki_identity": ("person_id",),
    "sign_in": ("person_id",),
    "held_form": ("person_id",),
    "role_assignment": ("person_id",),
    "capacity_assignment": ("person_id",),
    "absence": ("person_id",),
    "nda": ("person_id",),
    "team_request": ("requester_id", "candidate_id"),
    "answer": ("by_id",),
    "ssh_key": ("person_id",),
    "comment": ("author_id",),
    "position": ("person_id",),
    "concern": ("author_id",),
    "evidence": ("added_by_id",),
    "recusal": ("person_id",),
    "sponsorship": ("person_id",),
    "decision_note": ("author_id",),
    "decision": ("decided_by_id",),
    "referral": ("by_id",),
    "rule_change": ("changed_by_id",),
    "unreachable_report": ("reported_by_id",),
    "unreachable_confirmation": ("person_id",),
    "grant": ("person_id",),
    "grant_step": ("by_id",),
    "text": ("author_id",),
    "mentorship": ("mentee_id", "mentor_id"),
    "portfolio_piece": ("person_id",),
    "portfolio_answer": ("marker_id",),
    "mentoring_goal": ("set_by_id",),
    "mentoring_offer": ("person_id",),
    "score_sharing": ("person_id",),
    "mail_address": ("person_id",),
    "mail_wish": ("person_id",),
    "mail_stop": ("person_id",),
    "watch": ("person_id",),
    "delivery": ("person_id",),
    "calendar_address": ("person_id",),
}

# What hangs on rows that are theirs, whoever wrote it: they read it on the page of that row.
THROUGH: Mapping[str, tuple[str, str]] = {
    "mentoring_goal": ("mentorship_id", "mentorship"),
    "portfolio_answer": ("piece_id", "portfolio_piece"),
}

ACT = "What they did in an office is in the list of what they did."
WORKING = "Made from the rest, to know what to send; gone when it was sent."
ELSEWHERE: Mapping[str, str] = {
    "person.merged_into_id": "Whoever became one person gets the file of both.",
    "name_binding.person_id": "The name under which they were expected; the name itself is in the file.",
    "merge_proposal.person_id": "Names somebody else too, and is for those who settle it.",
    "merge_proposal.other_id": "Names somebody else too, and is for those who settle it.",
    "merge_proposal.settled_by_id": ACT,
    "role_assignment.appointed_by_id": ACT,
    "role_assignment.ended_by_id": ACT,
    "capacity_assignment.appointed_by_id": ACT,
    "capacity_assignment.ended_by_id": ACT,
    "nda.noted_by_id": ACT,
    "nda.confirmed_by_id": ACT,
    "concern.closed_by_id": ACT,
    "text.redacted_by_id": ACT,
    "revision.created_by_id": ACT,
    "revision.candidate_id": "The request itself is in the file.",
    "decision.reviewed_by_id": ACT,
    "acting_period.ended_by_id": ACT,
    "acting_period.started_by_id": ACT,
    "acting_period.director_id": "It follows from their absences and from reports of others.",
    "unreachable_report.director_id": "Written by others; the Director reads it on its page.",
    "mentorship.asked_by_id": ACT,
    "mentorship.ended_by_id": ACT,
    "digest.person_id": WORKING,
    "reminder.person_id": WORKING,
    "turn.person_id": WORKING,
    "assessment.person_id": "Assessments are in the file as their own part, as the page shows them.",
    "assessment.co_marker_id": "Assessments are in the file as their own part, as the page shows them.",
    "marking.person_id": "Its documents are in the file as far as its page shows them.",
    "marking.opened_by_id": ACT,
    "agreement.person_id": ACT,
    "agreement.cleared_by_id": ACT,
    "assessment.marker_id": "Assessments are in the file as their own part, as the page shows them.",
}

# Columns that are worth something to a thief, or mean nothing outside the portal.
LEFT_OUT = frozenset(
    {"token_hash", "nonce", "salt", "submission_id", "key", "leased_until", "not_before", "tries", "failure", "version"}
)
LEFT_OUT_OF: Mapping[str, frozenset[str]] = {
    "decision": frozenset({"checks", "statement_id", "reviewed_by_id"}),
    "concern": frozenset({"closed_by_id", "closing_id"}),
    "nda": frozenset({"noted_by_id", "confirmed_by_id"}),
    "text": frozenset({"redacted_by_id"}),
    "team_request": frozenset({"comment_count"}),
    "mentoring_goal": frozenset({"reached_at"}),  # who set it may have handed the mentee over since
}
# Texts by others that the person reads where they stand, and so gets with the row.
TEXTS_OF_OTHERS = frozenset(
    {
        *("role_assignment.end_reason_id", "mentorship.note_id", "mentorship.answer_id", "mentorship.reason_id"),
        "portfolio_answer.sentence_id",
    }
)

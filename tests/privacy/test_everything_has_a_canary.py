"""Whatever people can write has a canary in the scene. A new column or form field fails here and says what to add."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import JSON, Column, Enum, String, select

import config
from portal.extensions import db
from tests.privacy.scene import Scene

TYPED = {
    "ssh_key.shell_name", "ssh_key.github_name", "ssh_key.wiki_proof", "ssh_key.github_proof", "ssh_key.fingerprint",
    "evidence.url", "assessment_score.link", "decision.minutes_url", "team_request.draft", "held_form.fields",
    "mail_address.address", "mail_address.wanted", "standard_item.title", "standard_item.description",
    "portfolio_piece.link",
}  # fmt: skip
"""Columns beside the table of texts that hold what somebody typed."""

NOT_PRIVATE = {
    # names on the wiki, which everybody may know
    "person.name", "wiki_identity.username", "name_binding.username", "assessment.username",
    # keys and words of the catalogue, and what the organisation publishes itself
    "team_request.kind", "requested_item.item_key", "grant.item_key", "role_assignment.role_key",
    "rule_change.rule_key", "rule_change.kind", "rule_change.value", "revision.rules",
    "standard.title", "standard.source",
    "standard_item.key", "portfolio_piece.items", "standard_item.stack_area", "standard_item.role_focus",
    "assessment.role_focus", "assessment.mentoring_type",
    # codes, hashes and numbers that the portal makes
    "indexed.mark",  # of a name; ``indexed.words`` repeats texts and names: tests/search
    "event.code", "event.data", "event.previous_hash", "event.hash", "chain_head.hash", "text.salt", "text.body",
    "wiki_identity.issuer", "wiki_identity.sub", "sign_in.token_hash", "held_form.token_hash", "held_form.endpoint",
    "team_request.submission_id", "sent_form.key", "sent_form.led_to", "assessment.submission_id", "answer.field",
    "checkpoint.root", "checkpoint.head_hash", "checkpoint.key", "checkpoint.note", "tree_block.hash",
    "calendar_address.nonce", "agreement.token",
    "decision.capacity", "decision.checks", "ssh_key.algorithm",
    "mail_address.nonce", "digest.failure",
    "delivery.key", "delivery.room", "delivery.channel", "delivery.failure", "reminder.duty",
}  # fmt: skip
"""Columns of letters that hold nothing private. ``text.body`` is covered by every column that points to a text."""

FIELDS = {
    "access.forms:GiveUpForm": "grant_step.reason_id",
    "access.forms:RevokeForm": "grant_step.reason_id",
    "assessments.forms:ReviewForm": "person.name",
    "assessments.marking_forms:DeclineForm": "assessment.declined_id",
    "assessments.marking_forms:RoundForm": "person.name",
    "assessments.forms:_item_fields": "assessment_score.remark_id",
    "assessments.portfolio.forms:AnswerForm": "portfolio_answer.sentence_id",
    "assessments.portfolio.forms:PieceForm": "portfolio_piece.sentence_id",
    "mentoring.forms:AskForm": "mentorship.note_id",
    "mentoring.forms:DeclineForm": "mentorship.answer_id",
    "mentoring.forms:EndForm": "mentorship.reason_id",
    "mentoring.forms:HandOverForm": "mentorship.note_id",
    "notifications.mail_forms:AddressForm": "mail_address.wanted",
    "people.forms:AbsenceForm": "absence.reason_id",
    "people.forms:AppointForm": "person.name",
    "people.forms:EndForm": "role_assignment.end_reason_id",
    "people.forms:NoteForm": "acting_period.note_id",
    "requests.forms:AnswerForm": "comment.text_id",
    "requests.forms:CommentForm": "comment.text_id",
    "requests.forms:ConcernForm": "concern.text_id",
    "requests.forms:DecisionForm": "decision.anyway_id",
    "requests.forms:DeclineForm": "decision.would_help_id",
    "requests.forms:DetailsForm": "team_request.draft",
    "requests.forms:EditTextForm": "text.first_id",
    "requests.forms:KeyForm": "ssh_key.key_id",
    "requests.forms:NoteForm": "decision_note.text_id",
    "requests.forms:OptionalReasonForm": "recusal.reason_id",
    "requests.forms:PageLinkForm": "evidence.url",
    "requests.forms:PositionForm": "position.text_id",
    "requests.forms:QuestionForm": "comment.text_id",
    "requests.forms:ReasonForm": "referral.reason_id",
    "requests.forms:decision_form": "concern.closing_id",
    "requests.forms:details_form": "answer.text_id",
    "rules.forms:NumberForm": "rule_change.value",
    "rules.forms:RuleChangeForm": "rule_change.reason_id",
    "web.uploads:PastedForm": "standard_item.description",
}
"""Where each form (or function that makes one) has a field to type in, and a column in which that is kept."""

TO_ADD = (
    "is not covered: write a canary into it in tests/privacy/telling.py, with the actors whom docs/permissions.md lets "
    "read it. If nothing private can stand there, name it in tests/privacy/test_everything_has_a_canary.py"
)


def columns() -> Iterator[tuple[str, Column[object]]]:
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            yield f"{table.name}.{column.name}", column


def points_to_a_text(column: Column[object]) -> bool:
    return any(key.column.table.name == "text" for key in column.foreign_keys)


def test_every_column_that_points_to_a_text_has_a_canary(scene: Scene) -> None:
    bare = [
        f"{name} {TO_ADD}" for name, column in columns() if points_to_a_text(column) and name not in scene.columns()
    ]

    assert bare == []


def test_every_other_column_of_letters_has_a_canary_or_holds_nothing_private(scene: Scene) -> None:
    lettered = {
        name
        for name, column in columns()
        if isinstance(column.type, (String, JSON)) and not isinstance(column.type, Enum)
    }

    assert [f"{name} {TO_ADD}" for name in sorted(lettered - TYPED - NOT_PRIVATE)] == []
    assert sorted((TYPED | NOT_PRIVATE) - lettered) == []  # names of columns that have gone
    assert [f"{name} {TO_ADD}" for name in sorted(TYPED - scene.columns())] == []


def test_every_canary_stands_where_it_says(scene: Scene) -> None:
    missing = []

    for canary in scene.canaries:
        table, name = canary.column.split(".")
        column = db.metadata.tables[table].columns[name]
        text = db.metadata.tables["text"]
        query = select(text.c.body).join(db.metadata.tables[table], column == text.c.id)
        if canary.column == "text.first_id":
            query = select(text.c.body).where(text.c.first_id.is_(None))
        elif not points_to_a_text(column):
            query = select(column)
        if not any(canary.word in str(value) for value in db.session.scalars(query)):
            missing.append(f"{canary.word} is not in {canary.column}")

    assert missing == []


TYPES_IN = {"TextField", "LineField", "StringField", "TextAreaField", "PasswordField", "EmailField", "URLField"}


def places_to_type(path: Path) -> Iterator[str]:
    """Each class and function of a module that makes a field to type in."""
    module = ".".join(path.relative_to(config.ROOT / "portal").with_suffix("").parts)
    for scope in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(scope, (ast.ClassDef, ast.FunctionDef)):
            made = {getattr(call.func, "id", "") for call in ast.walk(scope) if isinstance(call, ast.Call)}
            if made & TYPES_IN:
                yield f"{module}:{scope.name}"


def test_every_form_field_to_type_in_leads_to_a_column_with_a_canary(scene: Scene) -> None:
    found = {place for path in (config.ROOT / "portal").rglob("*.py") for place in places_to_type(path)}

    assert [f"{place} {TO_ADD}" for place in sorted(found - FIELDS.keys())] == []
    assert sorted(FIELDS.keys() - found) == []
    assert sorted(set(FIELDS.values()) - scene.columns() - NOT_PRIVATE) == []

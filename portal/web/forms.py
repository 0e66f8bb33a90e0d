"""The base of every form: CSRF, trimmed text, a length for every field, choices without tuples."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

SHORT, LONG = 200, 10_000  # characters: a line, and the longest text a field takes
DROPPED = {"Cc", "Cs", "Co"}  # control, surrogate, private; what Unicode has not named yet may be a new emoji and stays


def _is_kept(char: str) -> bool:
    """Whether a database and a reader can take the character; U+FDD0-FDEF and the last two of each plane are none."""
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False
    return char in "\n\t" or unicodedata.category(char) not in DROPPED


def clean_text(value: str | None) -> str | None:
    """Trim, use one kind of line end, drop characters that no database or reader can take (NUL, surrogates)."""
    if value is None:
        return None
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", "".join(char for char in text if _is_kept(char))).strip()


class PortalForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form. Subclasses use LineField, TextField and the fields of WTForms."""


class LineField(StringField):
    """One line of text."""

    def __init__(self, label: Any = None, validators: Any = (), *, limit: int = SHORT, **kwargs: Any) -> None:
        super().__init__(label, [*validators, Length(max=limit)], filters=[clean_text], **kwargs)


class TextField(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: Any = None, validators: Any = (), *, limit: int = LONG, **kwargs: Any) -> None:
        super().__init__(label, [*validators, Length(max=limit)], filters=[clean_text], **kwargs)


class SubmissionField(HiddenField):
    """Names one filling of a form, so that sending it twice makes one thing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=lambda: uuid.uuid4().hex, validators=[Length(min=32, max=32)], **kwargs)

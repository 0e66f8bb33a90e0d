"""The base of every form: CSRF, trimmed text, a length for every field, choices without tuples."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Regexp

from portal.web.text import clean_text

SHORT, LONG = 200, 10_000  # characters: a line, and the longest text a field takes


class PortalForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form. Subclasses use LineField, TextField and the fields of WTForms."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF ships no types
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was typed, and that alone: Flask-WTF would also fill fields from JSON and from uploaded files."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            return request.form if form.is_submitted() else None


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
        super().__init__(default=lambda: uuid.uuid4().hex, validators=[Regexp(r"[0-9a-zA-Z-]{32,36}\Z")], **kwargs)

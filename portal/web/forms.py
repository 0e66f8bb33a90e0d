"""The base of every form: CSRF, trimmed text, a length for every field, choices without tuples."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectMultipleField, StringField, TextAreaField, widgets
from wtforms.validators import Length, Regexp

from portal.errors import Message
from portal.web.text import clean_text, readable

SHORT, LONG = 200, 10_000  # characters: a line, and the longest text a field takes


NOT_CHOSEN = Message("Choose one of those that are offered.")
OUR_WORDS = {  # for what WTForms says by itself, in English only
    "Not a valid choice.": NOT_CHOSEN,
    "Invalid Choice: could not coerce.": NOT_CHOSEN,
    "'%(value)s' is not a valid choice for this field.": NOT_CHOSEN,
    "'%(value)s' are not valid choices for this field.": NOT_CHOSEN,
    "Not a valid date value.": Message("That is no day. Write it as year-month-day."),
    "Not a valid integer value.": Message("Give a whole number."),
    "This field is required.": Message("This is needed."),
    "Invalid input.": Message("That cannot be used here."),
    "Field cannot be longer than %(max)d character.": Message("That is too long."),
    "Field cannot be longer than %(max)d characters.": Message("That is too long. The most is %(max)d characters."),
}


class _Words:
    """What WTForms says, in our words and the reader's language."""

    def gettext(self, string: str) -> str:
        message = OUR_WORDS.get(string)
        return gettext(message.id) if message else string

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


class PortalForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form. Subclasses use LineField, TextField and the fields of WTForms."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF ships no types
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was typed, as far as a page can show it again, and that alone.

            Flask-WTF would also fill fields from JSON and from uploaded files.
            """
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            if not form.is_submitted():
                return None
            return MultiDict((name, readable(value)) for name, value in request.form.items(multi=True))

        def get_translations(self, form: Any) -> _Words:
            return _Words()


class LineField(StringField):
    """One line of text."""

    def __init__(self, label: Any = None, validators: Any = (), *, limit: int = SHORT, **kwargs: Any) -> None:
        super().__init__(label, [*validators, Length(max=limit)], filters=[clean_text], **kwargs)


class TextField(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: Any = None, validators: Any = (), *, limit: int = LONG, **kwargs: Any) -> None:
        super().__init__(label, [*validators, Length(max=limit)], filters=[clean_text], **kwargs)


class CheckboxesField(SelectMultipleField):
    """Several of many, as checkboxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class SubmissionField(HiddenField):
    """Names one filling of a form, so that sending it twice makes one thing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default=lambda: uuid.uuid4().hex, validators=[Regexp(r"[0-9a-zA-Z-]{32,36}\Z")], **kwargs)

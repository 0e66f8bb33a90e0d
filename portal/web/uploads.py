"""A text that somebody pastes, or brings as a file. A file is read and forgotten, never stored."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from wtforms import FileField, HiddenField, TextAreaField
from wtforms.validators import Length

from portal.errors import Invalid, Message
from portal.web.forms import PortalForm
from portal.web.text import readable

NOT_TEXT = Message("This file is no text in UTF-8. Save it as plain text, or paste what is in it.")


def _line_ends(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


class PastedForm(PortalForm):
    """A text to be looked at first and taken then. ``previewed`` names the text that was looked at."""

    text = TextAreaField(_("Text"), filters=[_line_ends])  # not trimmed: faults are named by line
    file = FileField(_("Or a file"))
    previewed = HiddenField(validators=[Length(max=64)])

    def read(self, largest: int) -> str:
        """The text of the file, or what was pasted; shown in the form from now on. Raises Invalid.

        ``largest``: how many bytes are read of a file; what is longer is refused.
        """
        sent = request.files.get(self.file.name)
        if sent is not None and sent.filename:
            content = sent.stream.read(largest + 1)
            if len(content) > largest:
                limit = largest // 1000
                raise Invalid(Message("This file is too large: the most is %(limit)s kB.", limit=limit), field="file")
            try:
                self.text.data = _line_ends(readable(content.decode("utf-8-sig")))
            except UnicodeDecodeError:
                raise Invalid(NOT_TEXT, field="file") from None
        return str(self.text.data or "")

    def was_previewed(self, text: str, *seen: str) -> bool:
        """Whether this very text was looked at, beside whatever else ``seen`` names."""
        return bool(self.previewed.data == _name(text, *seen))

    def mark_previewed(self, text: str, *seen: str) -> None:
        """From now on this text is the one that was looked at."""
        self.previewed.data, self.previewed.raw_data = _name(text, *seen), None


def _name(*parts: Any) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()

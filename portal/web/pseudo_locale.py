"""A locale that is none: every translated string stands in ⟦brackets⟧, so what is not translated can be seen."""

from __future__ import annotations

from typing import Any

from babel.support import NullTranslations
from flask import Flask
from flask_babel import Babel, Domain

OPEN, CLOSE = "⟦", "⟧"
RIGHT_TO_LEFT = "ar"


class _Brackets(NullTranslations):
    def gettext(self, message: str) -> str:
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"{OPEN}{msgid1 if n == 1 else msgid2}{CLOSE}"

    ugettext, ungettext = gettext, ngettext


class _PseudoDomain(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    def get_translations(self) -> Any:
        return _Brackets()


class _PseudoBabel(Babel):  # type: ignore[misc]  # Flask-Babel ships no types
    @property
    def domain_instance(self) -> Domain:
        return _PseudoDomain()


def init_app(app: Flask, *, right_to_left: bool = False) -> None:
    """Let this app say everything in brackets (PORTAL_PSEUDO_LOCALE), on mirrored pages if asked.

    Mirrored pages name a real language that is written from right to left: its dates are real, too.
    """
    configuration = app.extensions["babel"]
    configuration.instance = _PseudoBabel()
    if right_to_left:
        configuration.locale_selector = lambda: RIGHT_TO_LEFT

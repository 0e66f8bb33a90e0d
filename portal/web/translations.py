"""The translations of this response, looked up once: a page says a hundred sentences."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Flask, g


def _found() -> Any:
    if "translations" not in g:
        g.translations = flask_babel.get_translations()
    return g.translations


def gettext(string: str, **values: Any) -> str:
    """The string in the reader's language, with its values."""
    said = str(_found().ugettext(string))
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The string for this number of things in the reader's language, with its values; ``num`` is one of them."""
    return str(_found().ungettext(one, many, num)) % {"num": num, **values}


def init_app(app: Flask) -> None:
    """Let templates use these instead of Flask-Babel's, which look for the translations at every string."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # Jinja's i18n extension adds it
        gettext=lambda string: _found().ugettext(string),
        ngettext=lambda one, many, num: _found().ungettext(one, many, num),
        newstyle=True,
    )

"""The translations of this response, looked up once: a page says a hundred sentences."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Flask, g
from markupsafe import Markup


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


def _in_template(string: str, **values: Any) -> Markup:
    """`gettext` for templates: the string is HTML that we wrote, its values are escaped."""
    said = Markup(_found().ugettext(string))  # noqa: S704  # ours
    return said % values if "%" in said else said


def _many_in_template(one: str, many: str, num: int, **values: Any) -> Markup:
    """`ngettext` for templates."""
    said = Markup(_found().ungettext(one, many, num))  # noqa: S704  # ours
    return said % {"num": num, **values}


def init_app(app: Flask) -> None:
    """Let templates use this instead of Flask-Babel's, which looks for the translations at every string."""
    app.jinja_env.globals.update(_=_in_template, ngettext=_many_in_template)

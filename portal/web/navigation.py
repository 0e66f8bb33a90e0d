"""The links at the top and bottom of every page; features add theirs in create_app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import get_locale

from portal.errors import Message
from portal.web.filters import say


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One link. ``shown`` asks whether the reader sees it; ``place`` orders, ``footer`` puts it at the bottom.

    ``key`` is the keyboard shortcut that leads there ("g d", "g r", "c"), if it has one. ``count`` tells how many
    things wait behind the link, for a number beside it.
    """

    endpoint: str
    label: Message
    place: int
    shown: Callable[[], bool] = lambda: True
    footer: bool = False
    key: str = ""
    count: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class ShownLink:
    url: str
    label: str
    current: bool
    key: str = ""
    count: int | None = None


def add_navigation(app: Flask, *entries: NavigationEntry) -> None:
    """Add links to the page frame."""
    app.extensions.setdefault("navigation", []).extend(entries)


def _links(*, footer: bool) -> list[ShownLink]:
    entries: list[NavigationEntry] = current_app.extensions.get("navigation", [])
    found = sorted((entry for entry in entries if entry.footer == footer and entry.shown()), key=lambda e: e.place)
    return [_shown(entry) for entry in found]


def _shown(entry: NavigationEntry) -> ShownLink:
    count = entry.count() if entry.count else None
    is_current = request.endpoint == entry.endpoint
    return ShownLink(url_for(entry.endpoint), say(entry.label), is_current, entry.key, count)


def text_direction() -> str:
    """ltr or rtl, as the reader's language is written."""
    locale = get_locale()
    return str(locale.text_direction) if locale else "ltr"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        navigation=lambda: _links(footer=False),
        footer_links=lambda: _links(footer=True),
        text_direction=text_direction,
        get_locale=get_locale,
    )

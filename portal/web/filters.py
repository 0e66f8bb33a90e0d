"""Template filters: messages, moments and links in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import Flask, g
from flask_babel import format_date, format_datetime, get_locale
from markupsafe import Markup, escape

import config
from portal.errors import Message
from portal.web import clock
from portal.web.translations import gettext, ngettext


def say(message: Message | str | None) -> str:
    """A message in the reader's language. Values that are messages are said too."""
    if message is None:
        return ""
    if not isinstance(message, Message):
        return str(message)  # also what lazy_gettext gives
    if not message.id:
        return ""  # gettext would answer with the catalogue's header
    values = {key: say(value) if isinstance(value, Message) else value for key, value in message.values.items()}
    return gettext(message.id, **values)


def now() -> datetime:
    """The moment this response is made at: one for the whole page."""
    if "render_now" not in g:
        g.render_now = clock.now()
    moment: datetime = g.render_now
    return moment


def ago(moment: datetime) -> str:
    """How long ago, or how long until: "3 days ago", "in 2 hours"."""
    delta = moment - now()
    return gettext("in %(time)s", time=duration(delta)) if delta > timedelta(0) else _past(-delta)


def _past(delta: timedelta) -> str:
    if delta < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago", time=duration(delta))


def duration(delta: timedelta) -> str:
    """A length of time in its largest whole unit."""
    seconds = int(abs(delta).total_seconds())
    if seconds < 3600:
        minutes = max(1, seconds // 60)
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    if seconds < 48 * 3600:
        return ngettext("%(num)s hour", "%(num)s hours", seconds // 3600)
    return ngettext("%(num)s day", "%(num)s days", seconds // 86400)


def when(moment: datetime | None) -> Markup:
    """A <time> element: how long ago in words, with the exact UTC moment on hover and in print."""
    if moment is None:
        return Markup("")
    exact, shown = escape(utc(moment)), escape(ago(moment))
    return Markup(  # noqa: S704  # every part is escaped
        f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{exact}">{shown}</time>'
    )


def utc(moment: datetime) -> str:
    """The exact moment: "3 Nov 2026, 14:05 UTC"."""
    return _utc(moment, str(get_locale()))


@lru_cache(maxsize=4096)
def _utc(moment: datetime, _locale: str) -> str:
    """Formatting is slow, and the same moments stand on many pages. The locale is the current one."""
    return f"{format_datetime(moment, 'd MMM y, HH:mm', rebase=False)} UTC"


def day(moment: datetime | date) -> str:
    """The day: "3 Nov 2026"."""
    return str(format_date(moment, "d MMM y", rebase=False))


def lines(text: str) -> Markup:
    """Plain text with its line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def outward(url: str | None) -> str:
    """An address that somebody typed, for a link. What no browser should follow leads nowhere, however it got here."""
    return url if url and config.is_address(url) else "#"


def init_app(app: Flask) -> None:
    filters: dict[str, Any] = {"say": say, "ago": ago, "when": when, "utc": utc, "day": day, "lines": lines}
    filters |= {"outward": outward, "duration": duration}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(now=now)

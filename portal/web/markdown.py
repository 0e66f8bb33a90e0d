"""Comments: Markdown with [[wikilinks]], T123 and @mentions, cleaned of everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import nh3
from flask import current_app
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr", "h3", "h4", "h5"}
ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}  # "*": or titles pass on every element
LINKS = re.compile(
    r"\[\[(?P<page>[^\[\]|\n]{1,200})(?:\|(?P<label>[^\[\]\n]{1,200}))?\]\]|(?<![\w/])T(?P<task>\d{1,7})(?!\w)"
    r"|(?<!\w)@\[(?P<name>[^\[\]\n]{1,100})\]|(?<![\w/])@(?P<word>[\w.-]{1,60}\w)"
)
INTERWIKI = {"mw": "https://www.mediawiki.org/wiki/", "w": "https://en.wikipedia.org/wiki/"}


def _link(match: re.Match[str]) -> tuple[str, str]:
    """Address and text of one match."""
    organisation: Any = current_app.extensions["organisation"]
    if match["page"]:
        page, label = match["page"].strip(), (match["label"] or match["page"]).strip()
        prefix, _, rest = page.partition(":")
        base = INTERWIKI.get(prefix.lower())
        target = rest if base else page
        return (base or organisation.wiki_url) + quote(target.replace(" ", "_"), safe="/:#()!,"), label
    if match["task"]:
        return f"{organisation.tracker_url}/T{match['task']}", f"T{match['task']}"
    name = match["name"] or match["word"]
    return f"/people/named/{quote(name, safe='')}", f"@{name}"


def _split(token: Token) -> Iterator[Token]:
    position = 0
    for match in LINKS.finditer(token.content):
        if match.start() > position:
            yield _text(token.content[position : match.start()], token.level)
        href, label = _link(match)
        opening = Token("link_open", "a", 1, level=token.level)
        opening.attrs = {"href": href}
        yield opening
        yield _text(label, token.level + 1)
        yield Token("link_close", "a", -1, level=token.level)
        position = match.end()
    if position < len(token.content):
        yield _text(token.content[position:], token.level)


def _text(content: str, level: int) -> Token:
    token = Token("text", "", 0, level=level)
    token.content = content
    return token


def _portal_links(state: StateCore) -> None:
    """Core rule: turn wikilinks, tasks and mentions in plain text into links, but never inside a link."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        children: list[Token] = []
        depth = 0
        for token in block.children:
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            children.extend(_split(token) if token.type == "text" and depth == 0 else [token])
        block.children = children


_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).disable(["image"])
_parser.core.ruler.push("portal_links", _portal_links)
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener ugc",
    strip_comments=True,
)


def markdown(text: str | None) -> Markup:
    """The text as safe HTML; headings begin at h3 so that they nest under the page's own."""
    if not text:
        return Markup("")
    organisation: Any = current_app.extensions["organisation"]
    return _html(text, organisation.wiki_url, organisation.tracker_url)


@lru_cache(maxsize=512)
def _html(text: str, _wiki_url: str, _tracker_url: str) -> Markup:
    """Kept for the next reader of the same page; the links depend on the organisation alone."""
    html = _parser.render(text)
    html = re.sub(r"<(/?)h([1-6])>", lambda m: f"<{m[1]}h{min(5, int(m[2]) + 2)}>", html)
    return Markup(_cleaner.clean(html))  # noqa: S704  # cleaned of everything but our own tags


def mentions(text: str) -> set[str]:
    """The user names mentioned as @Name or @[Name with spaces]."""
    return {match["name"] or match["word"] for match in LINKS.finditer(text) if match["name"] or match["word"]}

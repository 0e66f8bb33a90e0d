"""The parts of a mail: rendered outside of any answer, so without the frame of pages and without a reader signed in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from portal.errors import Message
from portal.web.filters import say

TEMPLATE = "notifications/mail.html"


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its words."""

    label: Message
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened: what it is about, what happened, why it is told, and where to go."""

    title: Message
    says: Message
    why: Message
    at: str
    url: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says. Both parts are made of it, so neither says more than the other."""

    heading: Message
    lines: tuple[Message, ...] = ()
    items: tuple[Item, ...] = ()
    button: Link | None = None
    notes: tuple[Message, ...] = ()
    links: tuple[Link, ...] = ()


def one_line(text: str) -> str:
    """The text without line ends and other control characters: a name can end no header and begin no line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def said(message: Message) -> str:
    """A message as one line of a mail."""
    return one_line(say(message))


def html_part(content: Content) -> str:
    """The mail as HTML: nothing in it is fetched from anywhere."""
    return current_app.jinja_env.get_template(TEMPLATE).render(content=content, said=said)


def text_part(content: Content) -> str:
    """The mail as plain text."""
    paragraphs = [said(content.heading), *(said(line) for line in content.lines)]
    for item in content.items:
        parts = (said(item.title), said(item.says), said(item.why), item.at, item.url)
        paragraphs.append("\n".join(part for part in parts if part))
    if content.button:
        paragraphs.append(f"{said(content.button.label)}:\n{content.button.url}")
    paragraphs += [said(note) for note in content.notes]
    ends = "\n".join(f"{said(link.label)}: {link.url}" for link in content.links)
    return "\n\n".join([*paragraphs, f"-- \n{ends}" if ends else ""]).rstrip("\n") + "\n"

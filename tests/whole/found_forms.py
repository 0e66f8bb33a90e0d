"""Every form of the portal, found as people find it: by following links from page to page and reading the forms there.

So a form that is not written yet is found too, and a route without a form anywhere stands out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

CHOICES = ("select", "radio", "checkbox", "button")
PAGES, TRIES = 8, 16  # of each sort, that one person opens and tries to open


@dataclass(slots=True)
class Field:
    """One name of a form: what stands there when the page opens, and where there is a choice, what is offered."""

    name: str
    kind: str  # text, textarea, date, hidden, select, radio, checkbox, button ...
    values: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)

    @property
    def is_choice(self) -> bool:
        return self.kind in CHOICES


@dataclass(slots=True)
class Form:
    """A form that is sent to ``url``, by who found it."""

    url: str
    fields: dict[str, Field]
    endpoint: str = ""
    actor: str = ""
    scene: str = ""

    def is_like(self, other: Form) -> bool:
        """Whether the other goes to the same route with the same buttons pressed."""
        return (self.endpoint, self.buttons()) == (other.endpoint, other.buttons())

    def buttons(self) -> list[tuple[str, list[str]]]:
        return [(found.name, found.values) for found in self.fields.values() if found.kind == "button"]


class Reader(HTMLParser):
    """Reads links and forms of a page. A button or a piece with an address of its own makes a further form."""

    def __init__(self, html: str, url: str) -> None:
        super().__init__()
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._inside: list[Form] = []
        self._select: Field | None = None
        self._textarea: Field | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        elif tag == "form" and given.get("method", "").lower() == "post":
            self._open(given.get("action") or self.url, {})
        elif tag in ("input", "select", "textarea", "button", "option") and self._inside:
            self._control(tag, given)
        for address in (given.get("hx-post"), given.get("formaction")):
            if address and self._inside and all(form.url != address for form in self._inside):
                self._open(address, self._inside[0].fields)

    def _open(self, url: str, fields: dict[str, Field]) -> None:
        self._inside.append(Form(url, fields))
        self.forms.append(self._inside[-1])

    def _control(self, tag: str, given: dict[str, str]) -> None:
        if tag == "option" and self._select is not None:
            self._select.offered.append(given.get("value", ""))
            if "selected" in given:
                self._select.values = [given.get("value", "")]
        name = given.get("name")
        if not name or tag == "option":
            return
        kind = given.get("type", "text") if tag == "input" else tag
        found = self._inside[0].fields.setdefault(name, Field(name, kind))
        if kind in ("radio", "checkbox", "button"):
            found.offered.append(given.get("value", "on"))
            if "checked" in given:
                found.values.append(given.get("value", "on"))
        elif tag == "input":
            found.values = [given.get("value", "")]
        self._select = found if tag == "select" else self._select
        self._textarea = found if tag == "textarea" else None
        if tag == "textarea":
            found.values = [""]

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.values = [(self._textarea.values[0] + data).lstrip("\r\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None
        elif tag == "select" and self._select is not None:
            self._select.values = self._select.values or self._select.offered[:1]
            self._select = None
        elif tag == "form":
            self._inside = []


def endpoint_of(app: Flask, url: str, method: str) -> str:
    """The endpoint that an address leads to, or an empty text."""
    try:
        endpoint, _arguments = app.url_map.bind("localhost").match(urlsplit(url).path, method=method)
    except HTTPException:
        return ""
    return str(endpoint)


def crawl(app: Flask, client: FlaskClient, *starts: str, pages: int = PAGES) -> list[Form]:
    """The forms this browser meets: through every link from the starts, and beside what a link names by its id."""
    waiting, seen, opened, tried = list(starts), set(starts), Counter[str](), Counter[str]()
    found: dict[tuple[str, ...], Form] = {}
    while waiting:
        url = waiting.pop(0)
        endpoint = endpoint_of(app, url, "GET")
        tried[endpoint] += 1
        if endpoint in NOT_OPENED or opened[endpoint] >= pages or tried[endpoint] > TRIES:
            continue
        answer = client.get(url)
        opened[endpoint] += answer.status_code == 200
        page = Reader(answer.text, url)
        for form in page.forms:
            form.endpoint = endpoint_of(app, form.url, "POST")
            found.setdefault((form.endpoint, *sorted(form.fields)), form)
        fresh = [link.partition("#")[0] for link in page.links] + beside(app, url)
        waiting += [link for link in dict.fromkeys(fresh) if link not in seen]
        seen.update(fresh)
    return list(found.values())


NOT_OPENED = ("", "static", "sign_in.start", "sign_in.callback")


def beside(app: Flask, url: str) -> list[str]:
    """The other pages about the same thing: those whose address takes the same arguments."""
    adapter = app.url_map.bind("localhost")
    endpoint, arguments = adapter.match(urlsplit(url).path)
    own = app.url_map.iter_rules(endpoint)
    prefix = next(iter(own)).rule.partition("<")[0]
    return [
        adapter.build(rule.endpoint, arguments)
        for rule in app.url_map.iter_rules()
        if arguments
        and rule.arguments == set(arguments)
        and "GET" in (rule.methods or ())
        and rule.rule.startswith(prefix)
    ]

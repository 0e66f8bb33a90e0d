"""A signed-in browser for the pages of requests, and reading what it got."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

from portal.people.models import Person
from tests import factories as people

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Browser:
    """Sends forms with the token of the session, by htmx if asked."""

    def __init__(self, app: Flask, person: Person) -> None:
        self.client = app.test_client()
        people.sign_in(self.client, person)
        self._token = ""

    def get(self, url: str, *, htmx: bool = False) -> TestResponse:
        return self.client.get(url, headers=HTMX if htmx else None)

    def text(self, url: str, *, htmx: bool = False) -> str:
        """The page, which has to open."""
        answer = self.get(url, htmx=htmx)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.text

    def token(self) -> str:
        """The secret that every form of this session carries."""
        if not self._token:
            self._token = hidden(self.client.get("/requests/").text, "csrf_token")
        return self._token

    def post(self, url: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> TestResponse:
        sent = {"csrf_token": self.token(), **(data or {})}
        return self.client.post(url, data=sent, headers=HTMX if htmx else None)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def parse(fragment: str) -> Element:
    """A page or a piece of one as a tree."""
    tree: Element = html5lib.parseFragment(fragment, treebuilder="etree", namespaceHTMLElements=False)
    return tree


def swapped(fragment: str) -> tuple[str, set[str]]:
    """The id of the panel that an answer to htmx replaces, and those it brings out of band."""
    roots = [element for element in parse(fragment) if isinstance(element.tag, str)]
    main = [element.get("id") or "" for element in roots if not element.get("hx-swap-oob")]
    assert len(main) == 1, main
    return main[0], {element.get("id") or "" for element in roots if element.get("hx-swap-oob")}


def targets(page: str) -> dict[str, str]:
    """The panel each form of the page asks htmx to replace, by the form's address."""
    forms = [form for form in parse(page).iter("form") if form.get("hx-target")]
    return {form.get("action") or "": (form.get("hx-target") or "").lstrip("#") for form in forms}


def typed(page: str, name: str) -> str:
    """What stands in a text field."""
    for field in parse(page).iter():
        if field.get("name") == name and field.tag in ("textarea", "input"):
            return (field.text or "").strip() if field.tag == "textarea" else field.get("value") or ""
    raise AssertionError(f"no field {name}")


Open = Callable[[Person], Browser]


def url(request_id: int, path: str = "") -> str:
    """The address of a request, or of something under it."""
    return f"/requests/{request_id}{path}"

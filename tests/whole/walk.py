"""A walk through a world: everybody fetches every address and sends every form, and each answer is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests import fragments, pages
from tests.whole.demo_world import World

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
CHANGING = re.compile(r"[0-9a-f]{8,}|value=\"[^\"]{30,}\"|Reference: \w+|\d+ (?:seconds?|minutes?)")
WORDS = "Plain words."
Sent = MultiDict[str, str]


@dataclass(slots=True)
class Walk:
    """One walk. ``known`` are the words that need no translation; None where the page is in plain English."""

    world: World
    known: set[str] | None = None
    faults: list[str] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)  # endpoints that got a form
    statuses: set[tuple[str, int]] = field(default_factory=set)  # what forms were answered with, by endpoint
    seen: set[int] = field(default_factory=set)
    looked_at: int = 0

    def look(self, where: str, answer: TestResponse) -> Element | None:
        """Check a whole page; one that was seen before, but for ids and times, is not read again."""
        if answer.mimetype != "text/html" or answer.location or answer.status_code == 204:
            return None
        if answer.status_code >= 500:
            self.faults.append(f"{where}: {answer.status_code}")
        key = hash(CHANGING.sub("", answer.text))
        tree, syntax = (None, []) if key in self.seen else pages.parse(answer.text)
        if tree is not None:
            self.seen.add(key)
            self.looked_at += 1
            self._note(where, [*syntax, *pages.tree_faults(tree)], tree)
        return tree

    def _note(self, where: str, found: Iterable[str], tree: Element) -> None:
        self.faults += [f"{where}: {fault}" for fault in found]
        if self.known is not None:
            self.faults += [f"{where}: not translatable: {words}" for words in pages.untranslated_in(tree, self.known)]

    def fetch(self, actor: str, address: str) -> Element | None:
        """A page as this person gets it, and the pieces of it that htmx gets."""
        client = self.world.clients[actor]
        where = f"{actor} {address}"
        tree = self.look(where, client.get(address))
        if tree is None:
            return None
        for element in tree.iter():
            if element.get("hx-get"):
                answer = client.get(element.get("hx-get") or "", headers=HTMX)
                self._put(f"{where} hx-get", tree, element, answer)
        return tree

    def _put(self, where: str, tree: Element, source: Element, answer: TestResponse) -> None:
        swap = fragments.Swap(tree, source)
        self.looked_at += 1
        self._note(where, swap.put(answer), swap.tree)

    def send(self, actor: str, address: str, tree: Element, wanted: Callable[[str, str], bool]) -> None:
        """Send the forms of a page as they stand, filled in, and with other words, too late: by htmx and without."""
        for source, form in forms_of(tree):
            url = source.get("hx-post") or source.get("formaction") or form.get("action") or address
            endpoint = self._endpoint(url)
            if not wanted(actor, endpoint):
                continue
            self.sent.add(endpoint)
            where = f"{actor} {address} -> {endpoint}"
            ways = {bool(source.get("hx-post")), source.tag not in ("form", "button")}
            for by_htmx in ways:
                self._try(where, actor, tree, source, form, url, by_htmx=by_htmx)

    def _try(
        self, where: str, actor: str, tree: Element, source: Element, form: Element, url: str, *, by_htmx: bool
    ) -> None:
        client = self.world.clients[actor]
        pressed = not by_htmx or "submit" in source.get("hx-trigger", "submit")  # or a field was changed
        for name, sent, restore in (
            ("as it stands", values_of(form, pressed=pressed), True),
            ("filled", filled(form, pressed=pressed), False),
            ("filled otherwise", filled(form, "Other words.", pressed=pressed), True),
        ):
            answer = client.post(url, data=sent, headers=HTMX if by_htmx else None)
            self.statuses.add((self._endpoint(url), answer.status_code))
            if by_htmx:
                self._put(f"{where} {name} (htmx)", tree, source, answer)
            else:
                self.look(f"{where} {name}", answer)
            if restore:
                self.world.restore()

    def _endpoint(self, url: str) -> str:
        try:
            return str(self.world.app.url_map.bind("localhost").match(url.partition("?")[0], method="POST")[0])
        except HTTPException:
            return url


def forms_of(tree: Element) -> Iterator[tuple[Element, Element]]:
    """What can be sent: each element that posts, and the form whose fields go with it."""
    for form in tree.iter("form"):
        if (form.get("method") or "").lower() == "post":
            yield form, form
        for inside in form.iter():
            if inside is not form and inside.get("hx-post"):
                yield inside, form
            if inside.get("formaction"):
                yield inside, form


def values_of(form: Element, *, pressed: bool) -> Sent:
    """What a browser sends of a form that nobody touched, by its first button if one was pressed."""
    sent: Sent = MultiDict()
    for control in form.iter():
        name = control.get("name")
        if not name or control.get("disabled") is not None:
            continue
        if control.tag == "textarea":
            sent.add(name, (control.text or "").lstrip("\n"))
        elif control.tag == "select":
            sent.add(name, _chosen(control))
        elif control.tag == "input" and control.get("type") not in ("checkbox", "radio", "submit"):
            sent.add(name, control.get("value") or "")
        elif control.tag == "input" and control.get("checked") is not None:
            sent.add(name, control.get("value") or "on")
    button = next((control for control in form.iter("button") if control.get("name")), None)
    if pressed and button is not None:
        sent.add(button.get("name") or "", button.get("value") or "")
    return sent


def _chosen(select: Element) -> str:
    options = list(select.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None] or options[:1]
    return (chosen[0].get("value") or "") if chosen else ""


def filled(form: Element, words: str = WORDS, *, pressed: bool) -> Sent:
    """The form with something in each field: words, the last choice, a date, an address."""
    sent = values_of(form, pressed=pressed)
    for control in form.iter():
        name, kind = control.get("name") or "", control.get("type") or "text"
        if not name or control.tag not in ("textarea", "select", "input") or kind in ("hidden", "submit"):
            continue
        if control.tag == "select":
            sent[name] = [option.get("value") or "" for option in control.iter("option")][-1]
        elif kind in ("checkbox", "radio"):
            sent[name] = control.get("value") or "on"
        elif not sent.get(name):
            sent[name] = {"date": "2026-01-05", "url": "https://example.org/T1", "number": "5"}.get(kind, words)
    return sent

"""What a browser with htmx does with an answer: put it into the page that asked. The result has to be a sound page."""

from __future__ import annotations

import copy
from xml.etree.ElementTree import Element

import html5lib
from werkzeug.test import TestResponse

from tests import pages


class Swap:
    """A page, and the element on it (or one inside it) that asked by htmx."""

    def __init__(self, tree: Element, source: Element) -> None:
        self.tree = copy.deepcopy(tree)
        order = list(tree.iter())
        self.source = list(self.tree.iter())[order.index(source)]
        self.faults: list[str] = []

    def put(self, answer: TestResponse) -> list[str]:
        """One line for each thing that is wrong with the page once this answer stands in it."""
        if answer.status_code in (204, 304) or answer.headers.get("HX-Redirect") or answer.headers.get("HX-Refresh"):
            return []
        if "<html" in answer.text:
            return ["htmx gets a whole page"]
        target = self._target()
        if target is None:
            return [f"there is no {self.source.get('hx-target')} to swap into"]
        parts = self._parse(answer.text, target)
        for part in [part for part in parts if part.get("hx-swap-oob")]:
            parts.remove(part)
            self._replace_by_id(part)
        if answer.status_code >= 400 and any("error-box" in part.get("class", "") for part in parts):
            self._insert_before_form(parts)
        elif self.source.get("hx-swap") == "innerHTML":
            target[:], target.text = parts, None
        else:
            self._replace(target, parts)
        return [*self.faults, *pages.tree_faults(self.tree)]

    def _target(self) -> Element | None:
        wanted = (self.source.get("hx-target") or "").removeprefix("#")
        return self._by_id(wanted)

    def _by_id(self, wanted: str) -> Element | None:
        return next((element for element in self.tree.iter() if element.get("id") == wanted), None)

    def _parse(self, text: str, target: Element) -> list[Element]:
        """The answer as a browser reads it at that place."""
        inside = target.tag if self.source.get("hx-swap") == "innerHTML" else self._parent(target).tag
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
        read = parser.parseFragment(text, container=inside)
        self.faults += [f"fragment: {code} {values or ''}".strip() for _where, code, values in parser.errors]
        return [part for part in read if isinstance(part.tag, str)]

    def _parent(self, child: Element) -> Element:
        return next(element for element in self.tree.iter() if child in list(element))

    def _replace(self, old: Element, new: list[Element]) -> None:
        if old.get("id") not in [part.get("id") for part in new]:
            self.faults.append(f"the fragment has no #{old.get('id')}: the next answer would find no place")
        parent = self._parent(old)
        at = list(parent).index(old)
        parent[at : at + 1] = new

    def _replace_by_id(self, part: Element) -> None:
        old = self._by_id(part.get("id") or "")
        if old is None:
            self.faults.append(f"#{part.get('id')} comes out of band and has no place on the page")
        else:
            if part.attrib.pop("hx-swap-oob") == "innerHTML":
                old[:], old.text = list(part), part.text
            else:
                self._replace(old, [part])

    def _insert_before_form(self, parts: list[Element]) -> None:
        """As portal.js does with a refusal."""
        parent = self._parent(self.source)
        at = list(parent).index(self.source)
        parent[at:at] = parts

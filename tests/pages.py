"""What every page has to be, whoever reads it: one call for every test that holds a page in its hands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib

TYPED = {"input", "select", "textarea"}
NEEDS_NO_LABEL = {"hidden", "submit", "button", "reset", "image"}
POINTS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers", "list")


def parse(html: str) -> tuple[Element, list[str]]:
    """The page as a tree, and every fault a strict reading finds."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree: Element = parser.parse(html)
    return tree, [f"line {line}: {code} {values or ''}".strip() for (line, _column), code, values in parser.errors]


def text_of(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def faults(html: str) -> list[str]:
    """One line for each thing that is wrong with a whole page."""
    tree, found = parse(html)
    return [*found, *tree_faults(tree)]


def tree_faults(tree: Element) -> list[str]:
    """What is wrong with a whole page beyond its syntax."""
    return [*_frame(tree), *_names(tree), *_ids(tree), *_inline(tree)]


def _frame(tree: Element) -> Iterator[str]:
    headings = [text_of(heading) for heading in tree.iter("h1")]
    title = text_of(tree.find("head/title"))
    if len(headings) != 1:
        yield f"{len(headings)} h1: {headings}"
    elif not title.startswith(f"{headings[0]} – "):
        yield f"the title {title!r} does not begin with the h1 {headings[0]!r}"
    for landmark in ("header", "main", "footer"):
        body = tree.find("body")
        count = len(list(body.iter(landmark))) if body is not None else 0
        if count < 1 or (landmark == "main" and count > 1):
            yield f"{count} {landmark}"
    if not tree.get("lang"):
        yield "the page has no language"
    levels = [int(element.tag[1]) for element in tree.iter() if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"an h{after} follows an h{before}"


def _names(tree: Element) -> Iterator[str]:
    labelled = {label.get("for") for label in tree.iter("label")}
    wrapped = {inside for label in tree.iter("label") for inside in label.iter()}
    for element in tree.iter():
        described = element.get("aria-label") or element.get("aria-labelledby") or element.get("title")
        if element.tag in TYPED and element.get("type") not in NEEDS_NO_LABEL:
            if not (element.get("id") in labelled or element in wrapped or described):
                yield f"{element.tag} {element.get('name')!r} has no label"
        elif element.tag in ("a", "button") and not (text_of(element) or described or _has_picture_text(element)):
            yield f"{element.tag} {element.attrib} has no words"
        elif element.tag == "img" and element.get("alt") is None:
            yield f"img {element.get('src')!r} has no alt"
        elif element.tag == "label" and not text_of(element):
            yield f"label for {element.get('for')!r} is empty"


def _has_picture_text(element: Element) -> bool:
    return any(picture.get("alt") for picture in element.iter("img"))


def _ids(tree: Element) -> Iterator[str]:
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    yield from (f"id {name!r} stands here {count} times" for name, count in ids.items() if count > 1)
    for element in tree.iter():
        for attribute in POINTS:
            for name in (element.get(attribute) or "").split():
                if name not in ids:
                    yield f"{element.tag} points with {attribute} to {name!r}, which is not there"
        link = element.get("href") or ""
        if element.tag == "a" and link.startswith("#") and len(link) > 1 and link[1:] not in ids:
            yield f"a link leads to {link}, which is not there"


def _inline(tree: Element) -> Iterator[str]:
    for element in tree.iter():
        if element.tag == "style" or element.get("style"):
            yield f"inline style in {element.tag}"
        if element.tag == "script" and not element.get("src"):
            yield "inline script"
        for name, value in element.attrib.items():
            if name.startswith(("on", "hx-on")):
                yield f"inline handler {name}"
            if value.strip().lower().startswith("javascript:"):
                yield f"{name} runs script"


def untranslated(html: str, data: set[str]) -> list[str]:
    """Words of a page in the pseudo-locale that stand outside ⟦brackets⟧ and are not in ``data``.

    An element with translate="no" holds data, and so do time elements.
    """
    tree, _faults = parse(html)
    return untranslated_in(tree, data)


def untranslated_in(tree: Element, data: set[str]) -> list[str]:
    """The same of a parsed page."""
    reader = _Outside()
    reader.walk(tree)
    return [words for words in reader.found if not _is_data(words, data)]


# Hashes, and days as Babel writes them.
FORMATTED = re.compile(r"\b[0-9a-f]{64}\b|\b\d{1,2} [A-Z][a-z]{2} \d{4}\b(?:, \d\d:\d\d UTC)?")


def _is_data(words: str, data: set[str]) -> bool:
    rest = FORMATTED.sub(" ", words)
    for known in sorted(data, key=len, reverse=True):
        rest = rest.replace(known, " ")
    return not any(sum(map(str.isalpha, word)) > 1 for word in rest.split())


class _Outside:
    """Walks a page in reading order and keeps what stands outside every pair of brackets."""

    skipped = frozenset({"script", "style", "time", "code", "kbd", "textarea"})

    def __init__(self) -> None:
        self.depth = 0
        self.found: list[str] = []

    def walk(self, element: Element) -> None:
        if not isinstance(element.tag, str):
            return
        if element.tag not in self.skipped and element.get("translate") != "no":
            for name in ("title", "alt", "placeholder", "aria-label"):
                self._attribute(element.get(name) or "")
            self._read(element.text or "")
            for child in element:
                self.walk(child)
                self._read(child.tail or "")

    def _attribute(self, text: str) -> None:
        before, self.depth = self.depth, 0
        self._read(text)
        self.depth = before

    def _read(self, text: str) -> None:
        outside: list[str] = []
        for ch in text:
            self.depth += {"⟦": 1, "⟧": -1}.get(ch, 0)
            outside.append(" " if self.depth or ch == "⟧" else ch)
        words = " ".join("".join(outside).split())
        if words:
            self.found.append(words)

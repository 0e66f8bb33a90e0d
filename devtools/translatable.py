"""Finds what a person reads and no translator would: plain text in templates, plain strings where a message belongs.

``python -m devtools.translatable`` lists it; with ``--pot FILE`` it writes the catalogue for translators. This module
runs inside .venv, the others of `devtools` do not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po
from jinja2 import Environment

from devtools.fault import ROOT

TEMPLATES = ROOT / "portal" / "templates"
ERRORS = ("NotVisible", "NotPermitted", "SignInNeeded", "FreshSignInNeeded", "WrongState", "Conflict", "Invalid")
MESSAGES = ("Message", "gettext", "lazy_gettext", "_", "_l", "Unavailable", *ERRORS)
METHODS = [("portal/**.py", "python"), ("portal/templates/**.html", "jinja2")]
SPOKEN = ("title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription")
NO_WORDS = {"UTC"}  # the same in every language
VALUE = "\x00"  # stands for what Jinja puts there


class _Texts(HTMLParser):
    """Collects the words that stand in a template as they are, outside of translate="no"."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.kept: list[str] = []  # open elements from one with translate="no" on

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if self.kept or values.get("translate") == "no" or tag in ("script", "style", "code", "kbd"):
            self.kept.append(tag)
            return
        for name in SPOKEN:
            self._note(values.get(name) or "")
        if tag == "input" and values.get("type") in ("submit", "button"):
            self._note(values.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.kept:
            del self.kept[self.kept.index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self.kept and '="' not in data:  # a macro may hold attributes instead of text
            self._note(data)

    def _note(self, text: str) -> None:
        words = text.replace(VALUE, " ").split()
        if any(sum(map(str.isalpha, word)) > 1 for word in words if word not in NO_WORDS):
            self.found.append((self.getpos()[0], " ".join(words)))


def bare_texts(source: str) -> list[tuple[int, str]]:
    """Line and words of every text in a template that does not go through gettext."""
    reader = _Texts()
    reader.feed("".join(_html(source)))
    reader.close()
    return reader.found


def _html(source: str) -> Iterator[str]:
    """The template without Jinja; a value leaves a mark, and every line stays where it was."""
    inside, hidden = False, False
    words: list[str] = []
    for _line, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(source):  # noqa: S701  # renders nothing
        if kind in ("variable_begin", "block_begin"):
            inside, words = True, []
            yield VALUE if kind == "variable_begin" else ""
        elif kind in ("variable_end", "block_end"):
            inside = False
            hidden = (
                words[:1] == ["trans"]
                or words == ["block", "page_class"]
                or (hidden and words[:1] not in (["endtrans"], ["endblock"]))
            )
        elif inside and kind == "name":
            words.append(value)
        yield value if kind == "data" and not hidden else "\n" * value.count("\n")


def bare_strings(source: str) -> list[tuple[int, str]]:
    """Line and fault of every call in Python that says something a translator cannot get at."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
        first = node.args[0] if node.args else None
        if name in MESSAGES and isinstance(first, (ast.JoinedStr, ast.BinOp)):
            found.append((node.lineno, f"{name}() needs one plain string, with values as keyword arguments"))
        if (name == "flash" or name.endswith("Field")) and _is_text(first):
            found.append((node.lineno, f"{name}() needs a translated text"))
        if any(keyword.arg == "message" and _is_text(keyword.value) for keyword in node.keywords):
            found.append((node.lineno, "message= needs a translated text"))
    return found


def _is_text(node: ast.expr | None) -> bool:
    """A literal with a space or a capital: words for people, not a code."""
    if isinstance(node, ast.JoinedStr):
        return True
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(c in " " or c.isupper() for c in node.value)
    )


def faults() -> Iterator[str]:
    """One line for each place."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        for line, words in bare_texts(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}:{line}: {words!r} is not translatable"
    for path in sorted((ROOT / "portal").rglob("*.py")):
        for line, says in bare_strings(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}:{line}: {says}"


def catalogue() -> Catalog:
    """Every message of the portal, as translators get it."""
    found = Catalog(project="Technology team portal", charset="utf-8")
    keywords = {**DEFAULT_KEYWORDS, **dict.fromkeys(MESSAGES)}
    for name, line, message, comments, context in extract_from_dir(ROOT, METHODS, keywords=keywords):
        found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def main(arguments: list[str]) -> int:
    """List the faults, or write the catalogue. Returns 1 if there are faults."""
    if arguments[:1] == ["--pot"]:
        with Path(arguments[1]).open("wb") as file:
            write_po(file, catalogue())
        return 0
    found = list(faults())
    print(*found, f"{len(catalogue())} messages, {len(found)} faults", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What somebody typed into a search field, as terms that all have to be there. Pure.

Every word is found from its beginning ("acc" finds "access") if it has two letters or more; words in quotes have to
stand one after the other, exactly so. Nothing that can be typed is an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.index import folding

LONGEST = 200  # characters of a question
MOST_TERMS = 8
MOST_WORDS = 32  # in one term
EXCERPT = 220  # characters
BEFORE = 60  # characters of an excerpt before the first word that was found


@dataclass(frozen=True, slots=True)
class Term:
    """Words one after the other. ``open``: the last one may go on."""

    words: tuple[str, ...]
    open: bool

    @property
    def apart(self) -> list[Term]:
        """Each word as a term: what a text has that has the term, whatever the order."""
        *first, last = self.words
        return [*(Term((word,), open=False) for word in first), Term((last,), self.open)]

    def fits(self, found: Sequence[str]) -> bool:
        """Whether these words, as many as the term has, are the term."""
        *first, last = self.words
        same = found[-1].startswith(last) if self.open else found[-1] == last
        return same and list(found[:-1]) == first


@dataclass(frozen=True, slots=True)
class Question:
    """All terms have to be there. Without terms nothing is found. ``cut``: not all that was typed counts."""

    terms: tuple[Term, ...]
    cut: bool = False

    def fits(self, text: str) -> bool:
        """Whether a text has all the terms: what the index answers, for a text that is in none."""
        found = folding.words(text)
        return bool(self.terms) and all(next(places(term, found), None) is not None for term in self.terms)


def places(term: Term, found: Sequence[str]) -> Iterator[int]:
    """Where among these words the term begins."""
    length = len(term.words)
    return (at for at in range(len(found) - length + 1) if term.fits(found[at : at + length]))


def parse(raw: str) -> Question:
    """The question that was typed. A quotation mark that is not closed yet counts to the end."""
    parts = raw[:LONGEST].split('"')
    closed = len(parts) % 2 == 1
    terms: list[Term] = []
    for number, part in enumerate(parts):
        quoted = number % 2 == 1
        still_typed = quoted and not closed and number == len(parts) - 1
        for piece in [part] if quoted else part.split():
            term = _term(piece, may_go_on=not quoted or still_typed)
            if term is not None and term not in terms:
                terms.append(term)
    return Question(tuple(terms[:MOST_TERMS]), cut=len(raw) > LONGEST or len(terms) > MOST_TERMS)


def _term(piece: str, *, may_go_on: bool) -> Term | None:
    found = tuple(folding.words(piece)[:MOST_WORDS])
    return Term(found, may_go_on and len(found[-1]) > 1) if found else None


def excerpt(question: Question, body: str) -> list[tuple[str, bool]]:
    """A piece of the text around the first word that was found, in parts: (text, whether it was found)."""
    text = " ".join(unicodedata.normalize("NFC", body).split())
    found = list(folding.spans(text))
    only = [word for word, _start, _end in found]
    marked = {
        number
        for term in question.terms
        for at in places(term, only)
        for number in range(at, at + len(term.words))
    }  # fmt: skip
    first = min((found[number][1] for number in marked), default=0)
    begin = _between_words(text, first - BEFORE) if first > BEFORE else 0
    end = min(len(text), begin + EXCERPT)
    parts = list(_parts(text, begin, end, [found[number][1:] for number in sorted(marked)]))
    return [*([("… ", False)] if begin else []), *parts, *([(" …", False)] if end < len(text) else [])]


def _between_words(text: str, place: int) -> int:
    """The beginning of the next word, if there is one nearby."""
    space = text.find(" ", place, place + BEFORE // 2)
    return space + 1 if space >= 0 else place


def _parts(text: str, begin: int, end: int, marked: list[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    here = begin
    for start, stop in marked:
        if start < here or stop > end:
            continue
        if start > here:
            yield text[here:start], False
        yield text[start:stop], True
        here = stop
    if here < end:
        yield text[here:end], False

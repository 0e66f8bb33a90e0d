"""What changed between two texts, word by word. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum

WORD = re.compile(r"\s+|\S+")
MOST_PAIRS = 5000  # of equal words: ten times what a page of prose has; a text of one word over and over takes minutes


class Part(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


def word_diff(before: str, now: str) -> Iterator[tuple[Part, str]]:
    """The pieces of both texts in order: same and gone make the one before, same and new the one now.

    Where comparing them would take too long, the whole text counts as exchanged.
    """
    old, new = WORD.findall(before), WORD.findall(now)
    seen, seen_now = Counter(old), Counter(new)
    if sum(count * seen_now[word] for word, count in seen.items() if not word.isspace()) > MOST_PAIRS:
        yield from ((Part.GONE, before), (Part.NEW, now)) if before != now else ((Part.SAME, now),)
        return
    for kind, start, end, new_start, new_end in SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Part.SAME, "".join(old[start:end])
            continue
        if start < end:
            yield Part.GONE, "".join(old[start:end])
        if new_start < new_end:
            yield Part.NEW, "".join(new[new_start:new_end])

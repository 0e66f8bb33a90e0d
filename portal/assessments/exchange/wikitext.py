"""What people wrote, as wikitext that shows it and does nothing else, and from which it comes back unchanged. Pure.

Unlike `portal.record.wikitext`, which hides every sign, this leaves alone what means nothing where it stands: people
go on editing these tables on the wiki.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MEANS_SOMETHING = re.compile(
    r"""[<>\[\]{}|~]                          # tags, links, templates, cells, signatures
    | &(?=[#0-9A-Za-z])                       # entities
    | '(?=') | (?<=')'                        # bold, italics
    | [_＿](?=[_＿]) | (?<=[_＿])[_＿]         # switches like NOTOC
    | !(?=!) | (?<=!)!                        # cells of a head
    | :(?=\S)                                 # addresses that become links
    | (?<=RFC)\s(?=\d) | (?<=PMID)\s(?=\d) | (?<=ISBN)\s(?=\d)
    | ^[*#;:=!'+-]                            # what means something where a line begins
    """,  # wikis in some languages take wide lines for switches
    re.VERBOSE | re.IGNORECASE,
)


def shown(text: str) -> str:
    """The text for one cell or one line of a list; its line ends become ``<br>``."""
    return "<br>".join(MEANS_SOMETHING.sub(lambda sign: f"&#{ord(sign[0])};", line) for line in text.split("\n"))


def table(columns: Sequence[str], sections: Iterable[tuple[str, Iterable[Sequence[str]]]]) -> str:
    """A table: the names of the columns, then each section as a heading over the whole width with its rows."""
    lines = ['{| class="wikitable"', *(f"! {shown(name)}" for name in columns)]
    for heading, rows in sections:
        lines += ["|-", f'! colspan="{len(columns)}" | {shown(heading)}']
        for row in rows:
            lines += ["|-", *(f"| {shown(cell)}".rstrip(" ") for cell in row)]
    return "\n".join([*lines, "|}", ""])

"""Tables in whatever layout a text has. Pure."""

from __future__ import annotations

import re

from portal.assessments.exchange import bars, mediawiki
from portal.assessments.exchange.tables import Table, Unreadable, require_small
from portal.errors import Message

NOTHING_READ = Message("Nothing in it can be read as a table. Copy the source of the page, from “{|” to “|}”.")
OF_THE_WIKI = re.compile(r"^[ \t:]*\{\|", re.MULTILINE)


def read_tables(text: str) -> list[Table]:
    """Every table with a column Title, in wikitext, Markdown or a flattened export. Raises Unreadable."""
    require_small(text)
    found = mediawiki.tables(text) if OF_THE_WIKI.search(text) else bars.tables(text)
    if not found:
        raise Unreadable(NOTHING_READ)
    return found

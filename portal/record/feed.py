"""The newest approvals as an Atom feed (RFC 4287), with the newest checkpoint, so that readers keep copies of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from portal.audit.chain import canonical_time
from portal.org import organisation
from portal.record import page
from portal.record.models import Checkpoint
from portal.requests.models import Decision
from portal.web.addresses import absolute

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML cannot hold


def feed(decisions: Sequence[Decision], checkpoint: Checkpoint | None, *, now: datetime) -> bytes:
    """The feed. An entry's id is the permanent address of its record, so it never changes."""
    root = ET.Element("feed", xmlns=ATOM)
    moments = [_updated(decision) for decision in decisions] + ([checkpoint.at] if checkpoint else [])
    _add(root, "title", f"{organisation().team}: record of decisions")
    _add(root, "id", absolute("/record"))
    _add(root, "updated", canonical_time(max(moments, default=now)))
    _link(root, absolute("/record/feed.atom"), rel="self")
    _link(root, absolute("/record"))
    _add(ET.SubElement(root, "author"), "name", organisation().team)
    if checkpoint is not None:
        address = absolute(f"/record/checkpoints/{checkpoint.size}.txt")
        _entry(root, f"Checkpoint {checkpoint.size}", address, checkpoint.at, checkpoint.note)
    for decision in decisions:
        title, words = _title(decision), _words(decision)
        _entry(root, title, absolute(f"/record/{decision.id}"), _updated(decision), words, since=decision.decided_at)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _updated(decision: Decision) -> datetime:
    """The last change: the decision, or that words were removed."""
    texts = (decision.reason, decision.statement)
    return max([decision.decided_at, *(text.redacted_at for text in texts if text and text.redacted_at)])


def _title(decision: Decision) -> str:
    if page.is_removed(decision):
        return "Removed on request of the person"
    asked = decision.team_request
    return f"{page.kind_name(asked.kind)} for {asked.candidate.name}"


def _words(decision: Decision) -> str:
    if page.is_removed(decision):
        return ""
    items = [f"{row.action} {row.item.name}" for row in page.approved(decision)]
    by = f"Decided by {decision.decided_by.name} ({page.capacity(decision)})"
    return "\n".join([*items, by, decision.reason.body or "Removed"])


def _entry(
    root: ET.Element, title: str, address: str, updated: datetime, words: str, *, since: datetime | None = None
) -> None:
    entry = ET.SubElement(root, "entry")
    _add(entry, "title", title)
    _add(entry, "id", address)
    _link(entry, address)
    _add(entry, "updated", canonical_time(updated))
    _add(entry, "published", canonical_time(since or updated))
    _add(entry, "content", words).set("type", "text")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = NOT_XML.sub("", text)
    return element


def _link(parent: ET.Element, href: str, *, rel: str = "alternate") -> None:
    ET.SubElement(parent, "link", rel=rel, href=href)

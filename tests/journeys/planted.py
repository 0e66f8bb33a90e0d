"""Hostile texts in every place where people write: typed into every form, and put under every text in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from sqlalchemy import Column, String, Table, select, true, update
from werkzeug.exceptions import HTTPException

from portal.extensions import db
from portal.requests.discussion_models import Evidence, EvidenceType
from tests.hostile import ADDRESSES, DOCUMENT, PAYLOADS, faults
from tests.journeys.staged import StagedPortal

SHORT = 64  # characters: what is shorter holds keys, words of the code and hashes
NOT_TYPED = {
    "wiki_identity.issuer",
    "held_form.endpoint",
    "standard.source",
}  # the wiki's address, a name of the code, a key
HOLDS_AN_ADDRESS = ("url", "link", "proof")
AT_ONCE = 20  # payloads in one name
TWICE = 2  # times that each address is posted to
TYPED = {"text", "search", "url", "email", None}


def typed_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column for what somebody types, by its length. Covers tables that are not written yet."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            is_text = type(kind) is String and (kind.length is None or kind.length > SHORT)
            if is_text and f"{table.name}.{column.name}" not in NOT_TYPED:
                yield table, column


def plant(portal: StagedPortal) -> Counter[str]:
    """Replace every text of the database by hostile ones. Returns how many of each column."""
    planted: Counter[str] = Counter()

    def work(_now: datetime) -> None:
        numbers = count()
        db.session.execute(update(Evidence).values(type=EvidenceType.LINK))  # so that its address is shown
        for table, column in typed_columns():
            key = next(iter(table.primary_key.columns))
            is_filled = true() if column.name.endswith(HOLDS_AN_ADDRESS) else column.is_not(None)
            for row in db.session.execute(select(key).where(is_filled)).scalars().all():
                value = _hostile(column, next(numbers))
                db.session.execute(update(table).where(key == row).values({column.name: value}))
                planted[f"{table.name}.{column.name}"] += 1

    portal.change(work)
    return planted


def _hostile(column: Column[Any], number: int) -> str:
    if column.name.endswith(HOLDS_AN_ADDRESS):
        return ADDRESSES[number % len(ADDRESSES)]
    if column.type.length is None:  # type: ignore[attr-defined]  # `typed_columns` gives texts only
        return DOCUMENT
    start = number * AT_ONCE % len(PAYLOADS)
    return " ".join((PAYLOADS * 2)[start : start + AT_ONCE])


class Typist:
    """Somebody who types hostile texts into every form they are given, and reads what comes back."""

    def __init__(self, portal: StagedPortal, name: str) -> None:
        self.app, self.client = portal.app, portal.app.test_client()
        self.client.set_cookie(portal.app.config["SESSION_COOKIE_NAME"], portal.cookie(name), domain="127.0.0.1")
        self.base = portal.url
        self.sent: Counter[str] = Counter()
        self.faults: list[str] = []

    def fill(self, address: str, payloads: Iterator[str]) -> None:
        """Open the page and send each of its forms."""
        page = self.client.get(address, base_url=self.base)
        self.look(address, page.status_code, page.text)
        for form in html5lib.parse(page.text, namespaceHTMLElements=False).iter("form"):
            target = urljoin(address, form.get("action") or address)
            endpoint = self._endpoint(target)
            if (
                (form.get("method") or "").lower() == "post"
                and self.sent[endpoint] < TWICE
                and "sign_out" not in endpoint
            ):
                self.sent[endpoint] += 1
                self._send(target, filled(form, payloads))

    def _send(self, target: str, fields: dict[str, str]) -> None:
        answer = self.client.post(target, data=fields, base_url=self.base, headers={"Origin": self.base})
        self.look(f"POST {target}", answer.status_code, answer.text)

    def look(self, where: str, status: int, html: str) -> None:
        """Note what is wrong with an answer."""
        found = faults(html)
        if status == 500:
            found.append(f"status {status}")
        self.faults += [f"{where}: {fault}" for fault in found]

    def _endpoint(self, target: str) -> str:
        try:
            return str(self.app.url_map.bind("").match(urlsplit(target).path, method="POST")[0])
        except HTTPException:
            return target


def filled(form: Element, payloads: Iterator[str]) -> dict[str, str]:
    """What a form sends when something hostile is typed wherever something can be typed."""
    fields: dict[str, str] = {}
    for control in form.iter():
        name, kind = control.get("name"), control.get("type")
        if not name:
            continue
        if control.tag == "textarea":
            fields[name] = DOCUMENT
        elif control.tag == "input" and kind in TYPED:
            fields[name] = next(payloads)
        elif control.tag == "select":
            fields[name] = next(
                (option.get("value") or "" for option in control.iter("option") if option.get("value")), ""
            )
        elif control.tag == "input" and (kind not in ("radio", "checkbox") or name not in fields):
            fields[name] = control.get("value") or ""
    return fields

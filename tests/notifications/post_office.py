"""A real mail server on this machine that behaves as badly as it is told, and the portal connected to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from flask import Flask

import config
from portal.notifications import addresses, mail_routes, mail_tokens
from portal.notifications.channels import CHANNELS, ERRANDS
from portal.notifications.channels.mail import Mail
from portal.people.models import Person
from portal.web.unit_of_work import unit_of_work
from tests.browser import free_ports

SENDER = "Test portal <portal@example.org>"
OK, DROP, HANG, LATE_DROP = "ok", "drop", "hang", "accept, then drop"


@dataclass
class PostOffice:
    """Keeps what it takes. ``plan``: how it behaves at the next mails; then it is well again."""

    port: int = field(default_factory=free_ports)
    plan: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str = ""
    options: dict[str, Any] = field(default_factory=dict)  # of aiosmtpd: encryption, signing in
    encrypted: list[bool] = field(default_factory=list)  # how each mail came

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.plan and self.plan[0].startswith("rcpt "):
            return self.plan.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        behaviour = self.plan.pop(0) if self.plan else OK
        self.encrypted.append(session.ssl is not None or "ssl_context" in self.options)
        if behaviour in (OK, LATE_DROP):
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            assert envelope.rcpt_tos == [message["To"]]
            self.taken.append(message)
        if behaviour == HANG:
            await asyncio.sleep(60)
        if behaviour in (DROP, LATE_DROP):
            server.transport.abort()
        return "250 OK" if behaviour in (OK, DROP, LATE_DROP, HANG) else behaviour

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        """Whether name and password, of which it keeps note, are right."""
        name, password = given.login.decode(), given.password.decode()
        self.logins.append((name, password))
        return AuthResult(success=password == self.password, handled=False)

    @property
    def seen(self) -> list[EmailMessage]:
        """What a mailbox shows: a mail with an id that came before is the same mail."""
        return list({str(message["Message-ID"]): message for message in reversed(self.taken)}.values())[::-1]

    def to(self, address: str) -> list[EmailMessage]:
        """What this mailbox shows, in order."""
        return [message for message in self.seen if message["To"] == address]


@contextmanager
def post_office(app: Flask) -> Iterator[PostOffice]:
    """The portal with this mail server, running."""
    office = PostOffice()
    with running(office), connected(app, office):
        yield office


@contextmanager
def running(office: PostOffice) -> Iterator[None]:
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **office.options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@contextmanager
def connected(app: Flask, office: PostOffice, settings: config.Smtp | None = None) -> Iterator[Mail]:
    """The portal sends by this server, whether it runs or not; without ``settings`` in the clear."""
    before = {name: list(app.extensions[name]) for name in (CHANNELS, ERRANDS)}
    app.extensions[CHANNELS], app.extensions[ERRANDS] = [], []
    mail = Mail(settings or config.Smtp("smtp", "127.0.0.1", office.port, SENDER))
    mail_routes.connect(app, mail)
    try:
        yield mail
    finally:
        app.extensions.update(before)


def work(app: Flask) -> str:
    """One round of the worker, by the command an operator runs."""
    result = app.test_cli_runner().invoke(args=["notifications", "deliver"])
    assert result.exit_code == 0, result.output
    return str(result.output)


def address_of(person: Person) -> str:
    """The address that tests give a person."""
    return f"{re.sub(r'[^a-z0-9]', '.', person.name.lower())}@example.org"


def reachable(*people: Person) -> None:
    """Each has an address, confirmed."""
    for person in people:
        id, address = person.id, address_of(person)
        with unit_of_work() as now:
            row = addresses.ask(id, address, now=now)
            token = mail_tokens.confirm_token(id, row.nonce)
        with unit_of_work() as now:
            addresses.confirm(token, now=now)


def part(message: EmailMessage, kind: str) -> str:
    """The plain or HTML part as it is read."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def link(message: EmailMessage, path: str, *, site: str = "http://localhost") -> str:
    """The path and query of the link that leads to this path."""
    found = re.search(rf"{re.escape(site + path)}\S*", part(message, "plain"))
    assert found, part(message, "plain")
    return found[0].removeprefix(site)

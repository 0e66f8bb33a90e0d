"""What links in mails carry: signed, for one purpose each, and worth nothing to who only reads the database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from portal.extensions import app_value
from portal.notifications.wishes import Kind


class Purpose(StrEnum):
    """What a link is for; it is signed for that alone."""

    CONFIRM = "portal.mail.confirm"
    STOP = "portal.mail.stop"


@dataclass(frozen=True, slots=True)
class Stop:
    """Whose mail ends, and which: of one request, of one kind, or (neither) what comes once a day."""

    person_id: int
    request_id: int | None = None
    kind: Kind | None = None


def confirm_token(person_id: int, nonce: str) -> str:
    """A link's token with which the address that was typed last is confirmed."""
    return str(_signer(Purpose.CONFIRM).dumps([person_id, nonce]))


def read_confirm(token: str) -> tuple[int, str] | None:
    """Person and nonce of a token that is ours; whether it is too old is known where the question is kept."""
    try:
        person_id, nonce = _signer(Purpose.CONFIRM).loads(token)
        return int(person_id), str(nonce)
    except (BadData, ValueError, TypeError):
        return None


def stop_token(stop: Stop) -> str:
    """A link's token that ends some mail. It works as long as the mail may lie in a mailbox: for ever."""
    return str(_signer(Purpose.STOP).dumps([stop.person_id, stop.request_id, stop.kind]))


def read_stop(token: str) -> Stop | None:
    """What a token of ours ends."""
    try:
        person_id, request_id, kind = _signer(Purpose.STOP).loads(token)
        return Stop(int(person_id), request_id, Kind(kind) if kind else None)
    except (BadData, ValueError, TypeError):
        return None


def _signer(purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(app_value("settings").secret_key, salt=purpose)

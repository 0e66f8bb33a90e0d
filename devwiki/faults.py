"""What can go wrong between a wiki and its clients, to be switched on in tests."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from flask import Response, request


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer word for word, for what a wiki can say but this one cannot be brought to."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> Response:
        return Response(self.body, self.status, headers=list(self.headers), content_type=self.content_type)


class Fault(StrEnum):
    NONE = "none"
    DOWN = "down"
    SLOW = "slow"
    DRIBBLE = "dribble"
    HTML = "html"
    CHALLENGE = "challenge"
    ERROR = "error"
    WRONG_JSON = "wrong_json"
    LIST_JSON = "list_json"


def answer(fault: Fault, *, delay: float) -> Response | None:
    """The faulty answer, or None when the right one follows (at once, or after a while)."""
    if fault is Fault.NONE:
        return None
    if fault is Fault.SLOW:
        time.sleep(delay)
        return None
    if fault is Fault.DOWN:
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        return Response()
    if fault is Fault.DRIBBLE:
        return Response(_drops(delay), content_type="application/json")
    return PAGES[fault]()


def _page(status: int, words: str) -> Response:
    return Response(f"<!doctype html><title>{words}</title><h1>{words}</h1>", status, content_type="text/html")


def _drops(delay: float) -> Iterator[bytes]:
    """Never silent long enough for a socket's time-out, never done."""
    end = time.monotonic() + delay
    while time.monotonic() < end:
        time.sleep(0.1)
        yield b" "


PAGES: dict[Fault, Callable[[], Response]] = {
    Fault.HTML: lambda: _page(200, "Wiki maintenance"),
    Fault.CHALLENGE: lambda: _page(403, "Just a moment: checking your browser"),
    Fault.ERROR: lambda: _page(500, "Internal error"),
    Fault.WRONG_JSON: lambda: Response('{"answer": 42}', content_type="application/json"),
    Fault.LIST_JSON: lambda: Response("[1, 2]", content_type="application/json"),
}

"""A real chat on this machine that behaves as badly as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask import Flask

import config
from portal.notifications.channels import CHANNELS, ERRANDS
from portal.notifications.channels.chat import chats
from portal.notifications.channels.outward import Outside

HANG, DROP, LATE_DROP = "hang", "drop", "accept, then drop"
OUTSIDE = Outside(frozenset({"127.0.0.1"}), "PortalTests/1.0", on_this_machine=True)


@dataclass
class ChatServer:
    """Keeps what it takes, as (path, key, body). ``plan``: how it answers next, then it is well again."""

    plan: list[tuple[int, dict[str, str]] | str] = field(default_factory=list)
    taken: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0
    port: int = 0

    @property
    def seen(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What a reader sees who knows a message by its key."""
        return list({(path, key): (path, key, body) for path, key, body in self.taken}.values())

    def url(self, room: str) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/{room}"

    def texts(self, room: str) -> list[str]:
        """What stands in this room, in order."""
        return [str(body.get("content") or body["text"]) for path, _, body in self.seen if path == f"/hooks/{room}"]


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """A chat, running."""
    chat = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.asked += 1
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            plan = chat.plan.pop(0) if chat.plan else (204, {})
            if plan == HANG:
                time.sleep(3)
            if plan in (HANG, DROP):
                self.close_connection = True
                return
            if plan == LATE_DROP or plan[0] in (200, 204):
                chat.taken.append((self.path, self.headers["Idempotency-Key"], body))
            if isinstance(plan, str):
                self.close_connection = True
                return
            self.send_response(plan[0])
            for name, value in plan[1].items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    chat.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def connected(app: Flask, rooms: list[config.Room]) -> Iterator[None]:
    """The portal speaks to these rooms and to nothing else."""
    before = {name: list(app.extensions[name]) for name in (CHANNELS, ERRANDS)}
    app.extensions[CHANNELS], app.extensions[ERRANDS] = list(chats(rooms, OUTSIDE)), []
    try:
        yield
    finally:
        app.extensions.update(before)

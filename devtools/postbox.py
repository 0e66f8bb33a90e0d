"""The mail server of ./dev run: it keeps each mail as a file, says where, and sends nothing on.

    python -m devtools.postbox PORT FOLDER

It speaks as much SMTP as the portal does, so ./dev run needs no package for it.
"""

from __future__ import annotations

import re
import signal
import socketserver
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

LONGEST = 10_000  # bytes of one line
NO_NAME = re.compile(r"[^A-Za-z0-9.@-]+")
DONE = ("EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP")


class Postbox(socketserver.ThreadingTCPServer):
    """Takes mail from this machine alone."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(("127.0.0.1", port), Talk)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, mail: bytes) -> None:
        """Write it under its Message-ID: what comes twice is there once, as in a mailbox."""
        message = message_from_bytes(mail, policy=default)
        path = self.folder / f"{NO_NAME.sub('', str(message['Message-ID']))}.eml"
        path.write_bytes(mail)
        print(f"Mail to {message['To']}, {str(message['Subject'])!r}: {path}", flush=True)


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    timeout = 60

    def handle(self) -> None:
        """Answer until the other side has finished."""
        self.say("220 postbox")
        while line := self.rfile.readline(LONGEST):
            command = line[:4].decode("ascii", "replace").strip().upper()
            if command == "DATA":
                self.say("354 until a line with a dot")
                mail = b"".join(part.removeprefix(b".") for part in iter(self._line, b".\r\n"))
                self.server.keep(mail)  # type: ignore[attr-defined]  # it is a Postbox
            self.say("221 bye" if command == "QUIT" else "250 done" if command in (*DONE, "DATA") else "502 unknown")
            if command == "QUIT":
                return

    def _line(self) -> bytes:
        line = self.rfile.readline(LONGEST)
        if not line:
            raise ConnectionError  # cut off: half a mail is none
        return line

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Postbox(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()

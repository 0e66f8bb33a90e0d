"""The log: one line of JSON for each thing worth knowing, with ids and codes, never what people wrote."""

from __future__ import annotations

import json
import logging
from typing import Any, TextIO, cast

from flask import Flask
from flask.logging import wsgi_errors_stream

from portal.web import clock

log = logging.getLogger("portal")


def write(level: int, event: str, /, **fields: Any) -> None:
    """Log one line: when, what happened, and these ids, codes and numbers."""
    log.log(level, _line(event, **fields))


def _line(event: str, /, **fields: Any) -> str:
    return json.dumps({"at": clock.now().isoformat(timespec="milliseconds"), "event": event, **fields})


class JsonLines(logging.Formatter):
    """A line of `write` as it is. Of what a library logs, its words and the kind of exception: a trace may quote."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == log.name and not record.exc_info:
            return record.getMessage()
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        return _line("library", logger=record.name, says=record.getMessage(), type=kind)


def init_app(_app: Flask) -> None:
    """Send the log to the server's error stream, once however many apps a process makes."""
    log.setLevel(logging.INFO)
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(cast(TextIO, wsgi_errors_stream))
        handler.setFormatter(JsonLines())
        root.addHandler(handler)

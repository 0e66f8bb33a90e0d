"""Ids in addresses: what no database could hold is not there, instead of an error further down."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1  # of an integer column on PostgreSQL


class IdConverter(IntegerConverter):
    """`<int:id>` from 0 to `LARGEST`; anything else matches no route."""

    regex = "[0-9]+"  # Werkzeug takes the digits of every script

    def __init__(self, url_map: Any, fixed_digits: int = 0, min: int | None = None, max: int = LARGEST) -> None:
        super().__init__(url_map, fixed_digits, min, max)


def parse(raw: str) -> int | None:
    """An id that was typed or sent; None for what no id can be."""
    number = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= 10 else 0
    return number if 0 < number <= LARGEST else None


def init_app(app: Flask) -> None:
    """Use it for every route; call this before they are registered."""
    app.url_map.converters["int"] = IdConverter

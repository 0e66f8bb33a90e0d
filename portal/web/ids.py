"""Ids in addresses: what no database could hold is not there, instead of an error further down."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1  # of an integer column on PostgreSQL


class IdConverter(IntegerConverter):
    """`<int:id>` from 0 to `LARGEST`; anything else matches no route."""

    def __init__(self, url_map: Any, fixed_digits: int = 0, min: int | None = None, max: int = LARGEST) -> None:
        super().__init__(url_map, fixed_digits, min, max)


def init_app(app: Flask) -> None:
    """Use it for every route; call this before they are registered."""
    app.url_map.converters["int"] = IdConverter

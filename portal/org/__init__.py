"""The organisation as data: roles, access groups, systems and rules, read from YAML into frozen values."""

from __future__ import annotations

from typing import cast

from portal.extensions import app_value
from portal.org.catalogue import Organisation


def organisation() -> Organisation:
    """The organisation this portal runs for."""
    return cast(Organisation, app_value("organisation"))

"""The kinds there are: a new one is a module, a template and a line here."""

from __future__ import annotations

from portal.requests.kinds import access_expansion, new_member, role_change
from portal.requests.kinds.base import KindSpec

KINDS: dict[str, KindSpec] = {module.KIND.key: module.KIND for module in (access_expansion, role_change, new_member)}


def kind(key: str) -> KindSpec:
    """The kind with this key. Raises KeyError."""
    return KINDS[key]

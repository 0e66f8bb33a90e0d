"""Every column that holds a key of the organisation's data, in one place (see `portal.org.usage`)."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.access.models import Grant, ItemType
from portal.org.usage import Use, add_use
from portal.people.models import RoleAssignment
from portal.requests.models import RequestedItem, TeamRequest
from portal.rules.models import RuleChange

COLLECTIONS = {ItemType.ROLE: "roles", ItemType.ACCESS_GROUP: "access_groups", ItemType.SYSTEM: "systems"}


def init_app(app: Flask) -> None:
    """Register them."""
    add_use(
        app,
        Use("role_assignment", "roles", lambda: select(RoleAssignment.role_key)),
        Use("team_request", "kinds", lambda: select(TeamRequest.kind)),
        Use("rule_change", "rules", lambda: select(RuleChange.rule_key)),
        Use("rule_change", "kinds", lambda: select(RuleChange.kind)),
    )
    for model in (Grant, RequestedItem):
        for item_type, collection in COLLECTIONS.items():
            add_use(app, _items(model, item_type, collection))


def _items(model: type[Grant] | type[RequestedItem], item_type: ItemType, collection: str) -> Use:
    return Use(model.__tablename__, collection, lambda: select(model.item_key).where(model.item_type == item_type))

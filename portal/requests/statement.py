"""What the public record says of an approval, in one text that is written with the decision.

Its salted hash stands in the event of the decision, so names, what was asked and the checks can be proved from a
downloaded record; and as it is a text it can be emptied when the person asks, without breaking the chain.
"""

from __future__ import annotations

import json
from typing import Any

from portal.requests.models import Decision


def body(decision: Decision) -> str:
    """The statement as it is kept: JSON with sorted keys. Keys of the organisation's data, dates in ISO, no reasons."""
    return json.dumps({**names(decision), **facts(decision)}, sort_keys=True, ensure_ascii=False)


def names(decision: Decision) -> dict[str, str]:
    """Who it is for and who decided it, as they are called now."""
    return {"for": decision.team_request.candidate.name, "decided_by": decision.decided_by.name}


def facts(decision: Decision) -> dict[str, Any]:
    """Everything else: it never changes."""
    return {
        "decision": decision.id,
        "kind": decision.team_request.kind,
        "capacity": decision.capacity,
        "acting": decision.acting,
        "asked": [
            [str(item.action), str(item.item_type), item.item_key, _day(item.until)] for item in decision.revision.items
        ],
        "approved": [
            [
                str(found.requested_item.action),
                str(found.requested_item.item_type),
                found.requested_item.item_key,
                _day(found.until),
            ]
            for found in decision.items
        ],
        "checks": decision.checks,
        "met_on": _day(decision.met_on),
        "minutes": decision.minutes_url,
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None

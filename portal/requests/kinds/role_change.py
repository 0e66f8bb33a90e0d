"""Role change: a member takes on a role, or gives one up; access that goes with it can be asked for at once."""

from __future__ import annotations

from portal.access.models import ItemType
from portal.errors import Message
from portal.requests.kinds.base import ACCESS, KindSpec, Question, for_members

KIND = KindSpec(
    key="role_change",
    questions=(
        Question(
            "why", Message("Why this change?"), Message("What the new role lets you do for the team and its users.")
        ),
        Question(
            "experience",
            Message("What have you done that shows you are ready?"),
            Message("Tasks, patches, incidents, help you gave. Links are welcome: T123, [[wiki pages]]."),
        ),
        Question(
            "handover",
            Message("What happens to the work you do now?"),
            Message("Who takes over, or how you will do both."),
            needed=False,
        ),
    ),
    adds=frozenset({ItemType.ROLE}) | ACCESS,
    removes=frozenset({ItemType.ROLE}) | ACCESS,
    may_file=for_members,
    ready_reason=Message("The team discussed this change of role and supports it."),
)

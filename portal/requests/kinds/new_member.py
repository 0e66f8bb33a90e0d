"""New member: a volunteer wants to join the team, or to come back. A sponsor is not needed to file."""

from __future__ import annotations

from portal.access.models import ItemType
from portal.errors import Message
from portal.requests.kinds.base import ACCESS, KindSpec, Question, for_newcomers

KIND = KindSpec(
    key="new_member",
    questions=(
        Question(
            "why",
            Message("What would you like to work on?"),
            Message("Plain words are fine. It helps to name one or two things you would begin with."),
        ),
        Question(
            "experience",
            Message("What have you done so far?"),
            Message("On wikis, with MediaWiki, servers or code, here or elsewhere. Links are welcome."),
        ),
        Question(
            "time",
            Message("How much time do you have?"),
            Message("Roughly, in hours a week. Everybody here is a volunteer; little is fine."),
            needed=False,
        ),
        Question(
            "returning",
            Message("Are you coming back?"),
            Message("When you left, and what has changed. Leave it empty if you are new."),
            needed=False,
        ),
    ),
    adds=frozenset({ItemType.ROLE}) | ACCESS,
    removes=frozenset(),
    may_file=for_newcomers,
    for_member=False,
    needs_role=True,
    ready_reason=Message("Welcome to the team. The team discussed this request and supports it."),
)

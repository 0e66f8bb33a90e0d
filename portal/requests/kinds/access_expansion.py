"""Access expansion: a member needs access to a shell group or a system, or no longer needs one.

Source of the questions: what an access request must hold, Tech: policy pages (mirror of 2024-09).
"""

from __future__ import annotations

from portal.errors import Message
from portal.requests.kinds.base import ACCESS, KindSpec, Question, for_members

KIND = KindSpec(
    key="access_expansion",
    questions=(
        Question(
            "why",
            Message("Why is it needed?"),
            Message("What you want to do, and what you cannot do today. Link the task if there is one: T123."),
        ),
        Question("benefit", Message("Who benefits?"), Message("Which users, wikis or team members, and how.")),
    ),
    adds=ACCESS,
    removes=ACCESS,
    may_file=for_members,
    ready_reason=Message("The team discussed this request and the access is needed for the work described."),
)

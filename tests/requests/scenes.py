"""A request in which much was said."""

from __future__ import annotations

from portal.people.models import Person
from portal.requests import discussion_services, objection_services
from portal.requests.discussion_models import CommentAudience, Stance
from tests import factories as people
from tests.requests.factories import do, team_request


def scene(*, candidate: Person | None = None) -> tuple[int, Person]:
    """A request in which much was said, each team-only text marked with a word of its own. (id, candidate)"""
    ann = candidate or people.member("Ann Candidate")
    ben, carl, director = people.member("Ben"), people.member("Carl"), people.director("Dora")
    request_id = team_request(ann, "system:grafana", days_ago=4)
    say = discussion_services.comment
    do(say, ben, request_id, "team-comment-canary", audience=CommentAudience.TEAM)
    do(say, ben, request_id, "shared-comment-word", audience=CommentAudience.SHARED)
    do(
        discussion_services.take_position, ben, request_id, Stance.OPPOSE,
        sentence="position-canary", relation=None, revision_number=1,
    )  # fmt: skip
    concern = do(objection_services.raise_concern, ben, request_id, "concern-name-canary", "concern-canary")
    do(objection_services.resolve_concern, ben, request_id, concern.id, "closing-canary")
    do(discussion_services.recuse, carl, request_id, "recusal-canary")
    do(objection_services.write_note, director, request_id, "note-canary")
    return request_id, ann


TEAM_ONLY = ["team-comment-canary", "position-canary", "concern-name-canary", "concern-canary", "closing-canary"]
CANARIES = [*TEAM_ONLY, "recusal-canary", "note-canary"]

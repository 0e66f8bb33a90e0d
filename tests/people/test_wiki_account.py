"""What the wiki says of an account, read with care."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.people.wiki_account import (
    BEFORE_ALL,
    AccountShut,
    SignInFailed,
    Standing,
    WikiAccount,
    admit,
    read_profile,
    read_standing,
)

WIKI = "https://wiki.example.org/w/rest.php"
PROFILE = {"sub": "3", "username": "Ann", "blocked": False, "registered": "20200102030405"}


def profile(**changes: Any) -> dict[str, Any]:
    return {**PROFILE, **changes}


def test_a_profile_becomes_an_account() -> None:
    assert read_profile(WIKI, PROFILE) == WikiAccount(
        WIKI, "3", "Ann", False, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    )


REFUSALS = [
    (profile(sub=""), "number empty"),
    (profile(sub="0", username="127.0.0.1", registered=False), "for a machine"),
    ({"sub": "6", "blocked": True}, "hidden"),
    ({"sub": "6", "blocked": False}, "no user name"),
    (profile(username=""), "no user name"),
    (profile(username="Ann\n"), "no user name"),
    (profile(blocked=None), "did not say whether"),
    (profile(sub=3), "cannot read"),
    ({"answer": 42}, "which account"),
    ([1, 2], "which account"),
    (None, "which account"),
]


@pytest.mark.parametrize(("answer", "says"), REFUSALS)
def test_a_profile_that_names_no_person_is_refused_in_its_own_words(answer: object, says: str) -> None:
    with pytest.raises(SignInFailed, match=says):
        read_profile(WIKI, answer)


@pytest.mark.parametrize(
    ("registered", "moment"),
    [(None, BEFORE_ALL), (False, None), ("2020", None), ("20209999999999", None), (20200102030405, None)],
)
def test_a_date_that_cannot_be_read_is_unknown_and_none_is_very_old(
    registered: object, moment: datetime | None
) -> None:
    assert read_profile(WIKI, profile(registered=registered)).registered_at == moment


def query(**parts: Any) -> dict[str, Any]:
    return {"batchcomplete": True, "query": parts}


STANDINGS = [
    (query(blocks=[], users=[{"name": "Ann"}]), False, Standing.CLEAR),
    (query(blocks=[{"partial": True}]), True, Standing.PARTLY_BLOCKED),
    (query(blocks=[{"partial": False}]), True, Standing.BLOCKED),
    (query(blocks=[{"partial": True}, {"partial": False}]), True, Standing.BLOCKED),
    (query(blocks=[{}]), True, Standing.BLOCKED),
    (query(users=[{"blockid": 1, "blockpartial": True}]), True, Standing.PARTLY_BLOCKED),
    (query(users=[{"blockid": 1, "blockpartial": ""}]), True, Standing.PARTLY_BLOCKED),
    (query(users=[{"blockid": 1}]), True, Standing.BLOCKED),
    (query(blocks=[], users=[{"name": "Ann"}]), True, Standing.UNKNOWN),
    (query(blocks=[], globaluserinfo={"locked": True}), False, Standing.LOCKED),
    (query(blocks=[{"partial": True}], globaluserinfo={"locked": ""}), True, Standing.LOCKED),
    (query(blocks=[], globaluserinfo={"locked": False}), False, Standing.CLEAR),
    (query(blocks=[], globaluserinfo={"missing": True}), False, Standing.CLEAR),
    ({"error": {"code": "readapidenied"}}, True, Standing.UNKNOWN),
    ([], True, Standing.UNKNOWN),
]


@pytest.mark.parametrize(("answer", "blocked", "standing"), STANDINGS)
def test_how_the_account_stands(answer: object, blocked: bool, standing: Standing) -> None:
    assert read_standing(answer, blocked=blocked) is standing


@pytest.mark.parametrize(
    ("standing", "blocked", "error"),
    [
        (Standing.CLEAR, False, None),
        (Standing.PARTLY_BLOCKED, True, None),
        (Standing.UNKNOWN, False, None),
        (Standing.UNKNOWN, True, SignInFailed),
        (Standing.BLOCKED, True, AccountShut),
        (Standing.LOCKED, False, AccountShut),
    ],
)
def test_who_may_come_in(standing: Standing, blocked: bool, error: type[Exception] | None) -> None:
    account = WikiAccount(WIKI, "3", "Ann", blocked, None)

    if error is None:
        admit(account, standing)
    else:
        with pytest.raises(error):
            admit(account, standing)

"""What MediaWiki's OAuth provider can answer, row by row, and what a person then reads.

Source: Extension:OAuth as observed over HTTP on MediaWiki 1.43 ("43") and on the extension's REL1_46 ("46"). A row
without an answer of its own for the older generation is the same in both, but for the "message" that only it sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from devwiki.faults import Canned

OPERATOR = "The operator of the portal has to mend that."
ONCE_MORE = "did not accept this sign-in: it was used already or took too long."
TAKEN_BACK = "took its permission back before the portal could read who you are. Begin the sign-in again."
NO_ANSWER = "answered with something else than a sign-in answer, perhaps a maintenance page."
ROBOTS = "protection against robots turned the portal away"
HTML = "text/html; charset=UTF-8"
TOKEN, PROFILE, API = "token", "profile", "api"


@dataclass(frozen=True, slots=True)
class Row:
    """One answer of the wiki at one place, and the status and words of the portal's page."""

    name: str
    place: str
    newer: Canned
    status: int
    says: str
    older: Canned | None = None

    def answer(self, generation: str) -> Canned:
        return self.older if generation == "43" and self.older else _as_told_by(generation, self.newer)


def _as_told_by(generation: str, answer: Canned) -> Canned:
    """The older generation repeats the description as "message"."""
    if generation == "46" or b'"error_description"' not in answer.body:
        return answer
    body = json.loads(answer.body)
    return json_of(answer.status, {**body, "message": body["error_description"]})


def json_of(status: int, body: object, content_type: str = "application/json") -> Canned:
    return Canned(status, json.dumps(body).encode(), content_type)


def no(status: int, error: str, hint: str = "") -> Canned:
    """An error of the provider."""
    body = {"error": error, "error_description": "It <b>says</b> no."}
    return json_of(status, {**body, "hint": hint} if hint else body)


def page(status: int, words: str = "Just a moment") -> Canned:
    return Canned(status, f"<!doctype html><title>{words}</title>".encode(), HTML)


def rest(status: int) -> Canned:
    """The shape of the wiki's REST framework: no "error" key."""
    words = {"en": "Unsupported"}
    body = {"errorKey": "rest", "messageTranslations": words, "httpCode": status, "httpReason": "Unsupported"}
    return json_of(status, body)


def bad_code(hint: str, older: str = "") -> tuple[Canned, Canned]:
    return no(400, "invalid_grant", hint), no(400, "invalid_request", older or hint)


def _code_row(name: str, hint: str, older: str = "") -> Row:
    new, old = bad_code(hint, older)
    return Row(name, TOKEN, new, 400, ONCE_MORE, old)


def _asked_wrongly(name: str, parameter: str) -> Row:
    return Row(name, TOKEN, no(400, "invalid_request", f"Check the `{parameter}` parameter"), 502, OPERATOR)


NOT_USABLE = "Client Portal is not usable by user with ID 3"
TOKEN_ROWS = [
    Row("wrong secret", TOKEN, no(401, "invalid_client"), 502, OPERATOR),
    Row(
        "no secret", TOKEN, no(400, "invalid_request", "Check the `client_secret` parameter"), 502, OPERATOR,
        no(401, "invalid_client"),
    ),
    Row("unknown client", TOKEN, no(401, "invalid_client"), 502, OPERATOR),
    _asked_wrongly("no client id", "client_id"),
    _code_row(
        "garbage code", "Cannot validate the provided authorization code", "Cannot decrypt the authorization code",
    ),
    _code_row("expired code", "Authorization code has expired"),
    _code_row("reused code", "Authorization code has been revoked"),
    Row(
        "code of another client", TOKEN,
        no(400, "invalid_request", "Authorization code was not issued to this client"), 400, ONCE_MORE,
    ),
    _asked_wrongly("no code", "code"),
    Row(
        "wrong redirect", TOKEN, no(400, "invalid_request", "Invalid redirect URI"), 502, OPERATOR,
        no(401, "invalid_client"),
    ),
    _asked_wrongly("missing redirect", "redirect_uri"),
    _asked_wrongly("bad grant type", "grant_type"),
    Row("flow not allowed", TOKEN, no(401, "invalid_client"), 502, OPERATOR),
    Row("wrong verifier", TOKEN, no(400, "invalid_grant", "Failed to verify `code_verifier`."), 400, ONCE_MORE),
    _asked_wrongly("verifier missing", "code_verifier"),
    Row(
        "verifier of a wrong length", TOKEN,
        no(400, "invalid_request", "Code Verifier must follow the specifications of RFC-7636."), 502, OPERATOR,
    ),
    _asked_wrongly("verifier without challenge", "code_challenge"),
    Row("client disabled meanwhile", TOKEN, no(401, "access_denied", NOT_USABLE), 502, OPERATOR),
    Row("wrong content type", TOKEN, rest(415), 502, "answered with error 415"),
    Row("wrong method", TOKEN, rest(405), 502, "answered with error 405"),
]  # fmt: skip
PROFILE_ROWS = [
    Row(
        "expired or forged token", PROFILE, no(401, "access_denied", "Access token could not be verified"), 502,
        TAKEN_BACK,
    ),
    Row("revoked by the person", PROFILE, no(401, "access_denied", "Access token has been revoked"), 502, TAKEN_BACK),
    Row("garbage token", PROFILE, no(401, "access_denied", "The JWT string must have two dots"), 502, TAKEN_BACK),
    Row("no authorization header", PROFILE, no(401, "access_denied", "Missing header"), 502, TAKEN_BACK),
    Row("no authorization header, a fault of REL1_46", PROFILE, rest(500), 502, "answered with error 500"),
    Row("no grants at all", PROFILE, page(500, "TypeError"), 502, "answered with error 500"),
]  # fmt: skip


def person(**changes: object) -> dict[str, object]:
    """The profile of a person, as both generations give it."""
    known = {
        "sub": "9012",
        "username": "Demo Volunteer",
        "editcount": 0,
        "email_verified": True,
        "confirmed_email": True,
        "blocked": False,
        "registered": "20200102030405",
        "groups": ["*", "user"],
        "rights": [],
        "grants": ["mwoauth-authonly"],
    }
    return {**known, **changes}


def without(*names: str) -> dict[str, object]:
    return {name: value for name, value in person().items() if name not in names}


MACHINE = person(sub="0", username="127.0.0.1", registered=False, groups=["*"])
WHO = "did not say which account this is"
NUMBER = "has an account number that the portal cannot read"
NAME = "has no user name"
BLOCK = "did not say whether this account is blocked"
ODD_PROFILES: list[tuple[str, object, int, str]] = [
    ("hidden", {"sub": "6", "blocked": True}, 403, "hidden by the wiki"),
    ("a machine's token", MACHINE, 403, "answered for a machine"),
    ("empty number", person(sub=""), 403, "left the account number empty"),
    ("no number", without("sub"), 502, WHO),
    ("number of another type", person(sub=9012), 502, NUMBER),
    ("zero of another type", person(sub=0), 502, NUMBER),
    ("null number", person(sub=None), 502, NUMBER),
    ("true number", person(sub=True), 502, NUMBER),
    ("blank number", person(sub="  "), 502, NUMBER),
    ("endless number", person(sub="9" * 65), 502, NUMBER),
    ("no name", without("username"), 403, NAME),
    ("null name, not blocked", person(username=None), 403, NAME),
    ("empty name", person(username="  "), 403, NAME),
    ("name of another type", person(username=["Demo"]), 403, NAME),
    ("name with a line end", person(username="Demo\nVolunteer"), 403, NAME),
    ("name with a NUL", person(username="Demo\x00Volunteer"), 403, NAME),
    ("name that turns the line around", person(username="Demo\u202eVolunteer"), 403, NAME),
    ("endless name", person(username="x" * 256), 403, NAME),
    ("no word of blocks", without("blocked"), 502, BLOCK),
    ("block of another type", person(blocked="false"), 502, BLOCK),
    ("null block", person(blocked=None), 502, BLOCK),
    ("a list", [person()], 502, WHO),
    ("a text", "Demo Volunteer", 502, WHO),
    ("null", None, 502, WHO),
    ("nothing known", {}, 502, WHO),
]
DEEP = b"[" * 60_000 + b"]" * 60_000
HUGE = b'{"a": "' + b"x" * 5_000_000 + b'"}'
NO_OBJECT: list[tuple[str, Canned, int, str]] = [
    ("HTML with 200", page(200), 502, NO_ANSWER),
    ("nothing", Canned(200, b""), 502, NO_ANSWER),
    ("half an object", Canned(200, b'{"sub": "90'), 502, NO_ANSWER),
    ("no text at all", Canned(200, b"\xff\xfe\x00\x01"), 502, NO_ANSWER),
    ("nested too deep", Canned(200, DEEP), 502, NO_ANSWER),
    ("far too long", Canned(200, HUGE), 502, NO_ANSWER),
    ("said to be packed", Canned(200, b"{}", headers=(("Content-Encoding", "gzip"),)), 502, NO_ANSWER),
    ("another address", Canned(302, b"", headers=(("Location", "http://127.0.0.1:9/"),)), 502, NO_ANSWER),
    ("turned away as a robot", page(403), 502, ROBOTS),
    ("too many questions", page(429), 502, ROBOTS),
    ("not there", page(404), 502, "answered with error 404"),
    ("overloaded", page(503), 502, "answered with error 503"),
    ("broken", page(500), 502, "answered with error 500"),
]
NO_TOKEN: list[tuple[str, object]] = [
    ("no token", {"token_type": "Bearer"}),
    ("nothing known", {}),
    ("null token", {"access_token": None}),
    ("empty token", {"access_token": ""}),
    ("token of another type", {"access_token": 5}),
    ("token with a line end", {"access_token": "a.b.c\r\nX-Evil: 1", "token_type": "Bearer"}),
    ("token that no header holds", {"access_token": "☃.☃.☃", "token_type": "Bearer"}),
    ("error of another type", {"error": {"code": 5}}),
    ("a list", ["access_token"]),
    ("a text", "access_token"),
    ("null", None),
]


def rows() -> Iterator[Row]:
    """Every answer that lets nobody in."""
    yield from TOKEN_ROWS
    yield from PROFILE_ROWS
    for name, profile, status, says in ODD_PROFILES:
        yield Row(f"profile: {name}", PROFILE, json_of(200, profile), status, says)
    for place in (TOKEN, PROFILE):
        for name, answer, status, says in NO_OBJECT:
            yield Row(f"{place}: {name}", place, answer, status, says)
    for name, body in NO_TOKEN:
        yield Row(f"token: {name}", TOKEN, json_of(200, body), 502, NO_ANSWER)
    yield Row("profile: JSON said to be a page", PROFILE, json_of(200, person(), HTML), 502, NO_ANSWER)


LETS_IN: list[tuple[str, object]] = [
    ("as observed", person()),
    ("as observed also of a client that was disabled after it had the token", person()),
    ("no grants, the newer generation", person(grants=[])),
    ("too old for a date", person(registered=None)),
    ("no date", person(registered=False)),
    ("a date nobody can read", person(registered="soon")),
    ("no word of its mail address", without("email_verified")),
    ("more than was asked for", person(realname="Ann <b>Ann</b>", email="ann@example.org")),
]

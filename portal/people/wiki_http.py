"""How the portal listens to the wiki: a bounded answer, and the wiki's own words for why it gives no token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests

LARGEST = 256_000  # bytes of one answer; a real one has some thousand
PIECE = 16_384
CONSUMER_FAULTS = ("invalid_client", "access_denied", "unauthorized_client")
ABOUT_THE_CODE = re.compile(r"authorization code", re.IGNORECASE)


class TooLongAnswer(ValueError):
    """The wiki sent more than any answer it has."""


class TokenRefused(Exception):
    """The token endpoint said no. ``error`` is its code, ``hint`` its sentence."""

    def __init__(self, error: str, hint: str) -> None:
        super().__init__(error)
        self.error = error
        self.hint = hint

    @property
    def is_consumers_fault(self) -> bool:
        """Whether the wiki does not know this portal, or takes it no longer."""
        return self.error in CONSUMER_FAULTS

    @property
    def is_about_the_code(self) -> bool:
        """Whether this one sign-in is refused, and another one may do: both generations name a bad code differently."""
        return self.error == "invalid_grant" or (
            self.error == "invalid_request" and bool(ABOUT_THE_CODE.search(self.hint))
        )


class PermissionEnded(Exception):
    """The profile is no longer given for a token that was just issued: it was taken back, or has ended."""


def listen_carefully(session: Any) -> None:
    """Bound every answer of this requests or Authlib session."""
    session.hooks["response"].append(keep_small)
    if hasattr(session, "register_compliance_hook"):
        session.register_compliance_hook("access_token_response", refuse_in_its_words)


def keep_small(response: requests.Response, *_args: object, **_kwargs: object) -> None:
    """Read the answer up to the limit. Raises TooLongAnswer, and what requests raises for a broken one."""
    body = b""
    for piece in response.iter_content(PIECE):
        body += piece
        if len(body) > LARGEST:
            response.close()
            raise TooLongAnswer
    response._content = body  # where requests keeps a body that was read; it has no public way to hand one in


def refuse_in_its_words(response: requests.Response) -> requests.Response:
    """The answer if it may hold a token. Raises TokenRefused, HTTPError, ValueError.

    Authlib would drop the wiki's hint, and take the error shape of the wiki's REST framework, which has no "error"
    key, for a token.
    """
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        response.raise_for_status()
        raise ValueError("not JSON") from None
    if isinstance(answer, Mapping) and isinstance(answer.get("error"), str):
        raise TokenRefused(answer["error"], str(answer.get("hint", "")))
    response.raise_for_status()
    if not isinstance(answer, Mapping) or "error" in answer:
        raise ValueError("not a token answer")
    return response

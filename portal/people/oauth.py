"""The conversation with the wiki: OAuth 2.0 through Authlib, and one question to the wiki's public API.

No token is kept: the profile is read once, with the token thrown away after. Everything that can go wrong on the
way ends in a `SignInFailed` with a sentence that names the cause, within the time limit.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, session, url_for

import config
from portal.errors import Message
from portal.org import organisation
from portal.people.deadline import Deadline
from portal.people.wiki_account import SignInFailed, Standing, WikiAccount, read_profile, read_standing
from portal.people.wiki_http import PermissionEnded, TokenRefused, listen_carefully
from portal.web import logs
from portal.web.addresses import absolute

CALL_LIMIT = 10.0  # seconds for one call
LOCK_LOOKUP_LIMIT = 3.0  # seconds for the question that sign-in can do without
ERRANDS_KEPT = 3  # sign-ins begun in parallel tabs; more would outgrow the cookie
CODE_WORD = re.compile(r"[a-z_]{1,40}")
CANCELLED = ("unauthorized_client", "access_denied")  # the first is what the wiki says, the second the standard
TROUBLE = (TokenRefused, PermissionEnded, requests.RequestException, ValueError, RecursionError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Errand:
    """Why somebody was sent to the wiki: where they go on afterwards, and to whom a further account is linked."""

    next: str
    link_person_id: int | None
    verifier: str


def init_app(app: Flask) -> None:
    """One Authlib registry per app: a shared one would hand the second app the endpoints of the first."""
    settings: config.Settings = app.extensions["settings"]
    app.config.setdefault("WIKI_TIME_LIMIT", 11.0)  # seconds for the whole conversation
    base = settings.wiki_url
    proxy = settings.outbound_proxy
    app.extensions["wiki_client"] = OAuth(app).register(
        "wiki",
        client_id=settings.oauth_client_id,
        client_secret=settings.oauth_client_secret,
        authorize_url=f"{base}/oauth2/authorize",
        access_token_url=f"{base}/oauth2/access_token",
        userinfo_endpoint=f"{base}/oauth2/resource/profile",
        api_base_url=f"{base}/oauth2/",
        user_agent=settings.user_agent,
        compliance_fix=listen_carefully,
        client_kwargs={
            "code_challenge_method": "S256",
            "default_timeout": CALL_LIMIT,
            "trust_env": False,  # only the portal's own settings name a proxy or credentials
            "proxies": {"http": proxy, "https": proxy} if proxy else {},
        },
    )


def _settings() -> config.Settings:
    found: config.Settings = current_app.extensions["settings"]
    return found


def _client() -> Any:
    return current_app.extensions["wiki_client"]


def issuer() -> str:
    """What identities are keyed on besides their number: the wiki's REST address."""
    return _settings().wiki_url


def callback_url() -> str:
    """The registered callback: from the settings, never from what a request calls this host."""
    return absolute(url_for("sign_in.callback"))


def begin(*, next: str, link_person_id: int | None = None) -> str:
    """Remember the errand in the session and give the wiki's address to go to."""
    made = _client().create_authorization_url(callback_url())
    errands: dict[str, Any] = session.get("errands", {})
    kept = list(errands.items())[-(ERRANDS_KEPT - 1) :]
    session["errands"] = {**dict(kept), made["state"]: [next, link_person_id, made["code_verifier"]]}
    return str(made["url"])


def last_next() -> str | None:
    """Where the newest errand leads: the wiki's Cancel comes back without saying which one it was."""
    errands: dict[str, Any] = session.get("errands", {})
    return str(list(errands.values())[-1][0]) if errands else None


def pick_up(arguments: Mapping[str, str]) -> Errand:
    """The errand a callback belongs to, once. Raises SignInFailed for a denial, a wrong or a used state."""
    wiki = organisation().wiki_name
    if error := arguments.get("error"):
        cause = error if CODE_WORD.fullmatch(error) else "?"  # anybody can write into this address
        if error in CANCELLED:
            says = Message("You did not allow %(wiki)s to tell the portal who you are.", wiki=wiki)
            raise SignInFailed(says, cause=cause)
        raise SignInFailed(Message("%(wiki)s refused the portal's question who you are.", wiki=wiki), 502, cause=cause)
    errands: dict[str, Any] = dict(session.get("errands", {}))
    found = errands.pop(arguments.get("state", ""), None)
    session["errands"] = errands
    if found is None or not arguments.get("code"):
        raise SignInFailed(
            "This sign-in was used already, or it began in another browser or too long ago. Begin it again.", 400
        )
    return Errand(*found)


def converse(errand: Errand, code: str) -> tuple[WikiAccount, Standing]:
    """Exchange the code, read the profile, ask how the account stands. Raises SignInFailed."""
    deadline = Deadline(current_app.config["WIKI_TIME_LIMIT"])
    client, callback = _client(), callback_url()
    try:
        token = deadline.run(lambda seconds: _token(client, errand, code, callback, seconds), at_most=CALL_LIMIT)
        answer = deadline.run(lambda seconds: _profile(client, token, seconds), at_most=CALL_LIMIT)
    except TROUBLE as error:
        raise _explained(error) from error
    account = read_profile(issuer(), answer)
    return account, _standing(account, deadline)


def _token(client: Any, errand: Errand, code: str, callback: str, seconds: float) -> str:
    answer = client.fetch_access_token(
        redirect_uri=callback, code=code, code_verifier=errand.verifier, timeout=seconds, allow_redirects=False
    )
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise ValueError("no access token")
    return token


def _profile(client: Any, token: str, seconds: float) -> object:
    bearer = {"access_token": token, "token_type": "Bearer"}
    response: requests.Response = client.get("resource/profile", token=bearer, timeout=seconds, allow_redirects=False)
    if response.status_code == 401:
        raise PermissionEnded
    response.raise_for_status()
    if response.status_code != 200 or "json" not in response.headers.get("Content-Type", ""):
        raise ValueError("not JSON")
    return response.json()


def _standing(account: WikiAccount, deadline: Deadline) -> Standing:
    """How the account stands. UNKNOWN when the API cannot be read: `wiki_account.admit` says what follows.

    An account that the profile calls unblocked is let in without it: the wiki itself refuses to authorize a locked one.
    """
    settings, limit = _settings(), CALL_LIMIT if account.blocked else LOCK_LOOKUP_LIMIT
    try:
        answer = deadline.run(lambda seconds: _ask_api(settings, account.username, seconds), at_most=limit)
    except TROUBLE as error:
        if not account.blocked:  # a blocked account is refused for it, and that is logged
            logs.write(logging.WARNING, "wiki_api", error=type(error).__name__)
        return Standing.UNKNOWN
    return read_standing(answer, blocked=account.blocked)


def _ask_api(settings: config.Settings, username: str, seconds: float) -> object:
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "list": "blocks|users",
        "bkusers": username,
        "bkprop": "id|user|expiry|flags",
        "ususers": username,
        "usprop": "blockinfo",
        "meta": "globaluserinfo",
        "guiuser": username,
    }
    with requests.Session() as http:
        listen_carefully(http)
        http.trust_env = False
        http.headers["User-Agent"] = settings.user_agent
        if settings.outbound_proxy:
            http.proxies = {"http": settings.outbound_proxy, "https": settings.outbound_proxy}
        response = http.get(api_url(settings.wiki_url), params=asked, timeout=seconds, allow_redirects=False)
    response.raise_for_status()
    return response.json()


def api_url(wiki_url: str) -> str:
    """The wiki's action API: api.php lies beside rest.php."""
    parts = urlsplit(wiki_url)
    return parts._replace(path=parts.path.rpartition("/")[0] + "/api.php").geturl()


def _explained(error: Exception) -> SignInFailed:
    """The page's words for what went wrong between the portal and the wiki."""
    says, status = _words(error, organisation().wiki_name)
    return SignInFailed(says, status, cause=f"{type(error).__name__} {_detail(error)}".strip())


def _detail(error: Exception) -> str:
    """The wiki's code for it: a number, or a word of the standard."""
    if isinstance(error, TokenRefused):
        return error.error if CODE_WORD.fullmatch(error.error) else "?"
    response = getattr(error, "response", None)
    return str(response.status_code) if response is not None else ""


def _words(error: Exception, wiki: str) -> tuple[Message, int]:
    if isinstance(error, TokenRefused):
        return _words_for_no_token(error, wiki)
    if isinstance(error, PermissionEnded):
        says = Message(
            "%(wiki)s took its permission back before the portal could read who you are. Begin the sign-in again.",
            wiki=wiki,
        )
        return says, 502
    if isinstance(error, (TimeoutError, requests.Timeout)):
        return Message("%(wiki)s did not answer in time.", wiki=wiki), 503
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _words_for_status(error.response.status_code, wiki), 502
    if isinstance(error, (ValueError, RecursionError, requests.exceptions.ContentDecodingError)):
        says = Message(
            "%(wiki)s answered with something else than a sign-in answer, perhaps a maintenance page.", wiki=wiki
        )
        return says, 502
    return Message("The portal cannot reach %(wiki)s: it is down or the way to it is.", wiki=wiki), 503


def _words_for_no_token(refused: TokenRefused, wiki: str) -> tuple[Message, int]:
    if refused.is_consumers_fault:
        says = Message(
            "%(wiki)s does not accept this portal as its consumer. The operator of the portal has to mend that.",
            wiki=wiki,
        )
        return says, 502
    if refused.is_about_the_code:
        return Message("%(wiki)s did not accept this sign-in: it was used already or took too long.", wiki=wiki), 400
    says = Message(
        "%(wiki)s does not understand how this portal asks. The operator of the portal has to mend that.", wiki=wiki
    )
    return says, 502


def _words_for_status(status: int, wiki: str) -> Message:
    if status in (403, 429):
        return Message(
            "%(wiki)s's protection against robots turned the portal away (error %(status)s).", wiki=wiki, status=status
        )
    return Message("%(wiki)s answered with error %(status)s.", wiki=wiki, status=status)

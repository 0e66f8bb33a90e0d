"""The OAuth 2.0 server, on Authlib, with the errors of MediaWiki's Extension:OAuth in both observed generations.

Authlib finds the client, the grant and the redirect; the order of the checks and every error body follow what was
observed of the real provider over HTTP on MediaWiki 1.43 and on the extension's REL1_46.
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Error, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge
from flask import Flask, Response, current_app, request

from devwiki.accounts import Account
from devwiki.wiki import Client, DevWiki, IssuedCode

WORDS = {
    "invalid_client": "Client authentication failed",
    "invalid_request": (
        "The request is missing a required parameter, includes an invalid parameter value, includes a parameter "
        "more than once, or is otherwise malformed."
    ),
    "invalid_grant": (
        "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is "
        "invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was "
        "issued to another client."
    ),
    "access_denied": "The resource owner or authorization server denied the request.",
}
VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
JSON_HEADERS = [
    ("Content-Type", "application/json; charset=UTF-8"),
    ("Cache-Control", "no-store"),
    ("Pragma", "no-cache"),
]


def wiki() -> DevWiki:
    """The wiki this request is for."""
    found: DevWiki = current_app.extensions["devwiki"]
    return found


class ProviderError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """An error of the token or profile endpoint, in the shape of the wiki's generation."""

    def __init__(self, error: str, hint: str = "", *, status: int = 400) -> None:
        super().__init__(error=error, description=WORDS[error], status_code=status)
        self.hint = hint

    def get_body(self) -> list[tuple[str, str]]:
        body = [("error", self.error), ("error_description", self.description)]
        if self.hint:
            body.append(("hint", self.hint))
        if wiki().generation == "43":
            body.append(("message", self.description))
        return body

    def get_headers(self) -> list[tuple[str, str]]:
        headers = list(JSON_HEADERS)
        if self.status_code == 401 and request.authorization and request.authorization.type == "basic":
            headers.append(("WWW-Authenticate", 'Basic realm="OAuth"'))
        return headers


def missing(parameter: str) -> ProviderError:
    return ProviderError("invalid_request", f"Check the `{parameter}` parameter")


def bad_code(hint_43: str, hint_46: str | None = None) -> ProviderError:
    """The older generation calls a bad code a bad request."""
    if wiki().generation == "43":
        return ProviderError("invalid_request", hint_43)
    return ProviderError("invalid_grant", hint_46 or hint_43)


class Consumer(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """The registered client, as Authlib asks for it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.client_id = client.client_id

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.client.redirect_uri

    def get_allowed_scope(self, scope: str | None) -> str:
        return "mwoauth-authonly"

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return wiki().takes_redirect(redirect_uri)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


def _credentials() -> tuple[str | None, str | None]:
    """Client id and secret from HTTP Basic or from the body."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        try:
            client_id, _, secret = b64decode(header[6:], validate=True).decode().partition(":")
        except ValueError:
            return None, None
        return client_id, secret
    return request.form.get("client_id"), request.form.get("client_secret")


def _authenticate() -> Consumer:
    client_id, secret = _credentials()
    if not client_id:
        raise missing("client_id")
    consumer = query_client(client_id)
    if consumer is None:
        raise ProviderError("invalid_client", status=401)
    if not secret and wiki().generation == "46":
        raise missing("client_secret")
    if secret != consumer.client.secret:
        raise ProviderError("invalid_client", status=401)
    return consumer


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """The authorization code grant with PKCE."""

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Nothing to do: `generate_authorization_code` keeps what it makes."""

    def generate_authorization_code(self) -> str:
        payload, account = self.request.payload, self.request.user
        return wiki().issue_code(
            IssuedCode(
                client_id=self.request.client.client_id,
                sub=account.sub,
                redirect_uri=payload.redirect_uri,
                challenge=payload.data.get("code_challenge"),
                method=payload.data.get("code_challenge_method"),
                issued_at=time.time(),
            )
        )

    def validate_token_request(self) -> None:
        """Raises ProviderError. A failed exchange does not use the code up; a good one does."""
        consumer, form = _authenticate(), request.form
        text = form.get("code")
        if not text:
            raise missing("code")
        code = wiki().codes.get(text)
        if code is None:
            raise bad_code("Cannot decrypt the authorization code", "Cannot validate the provided authorization code")
        if code.client_id != consumer.client_id:
            raise ProviderError("invalid_request", "Authorization code was not issued to this client")
        if code.is_expired:
            raise bad_code("Authorization code has expired")
        if text in wiki().used:
            raise bad_code("Authorization code has been revoked")
        _check_redirect(code, form.get("redirect_uri"))
        _check_verifier(code, form.get("code_verifier"))
        if not wiki().redeem(text):
            raise bad_code("Authorization code has been revoked")
        self.request.client, self.request.authorization_code = consumer, code

    def authenticate_user(self, authorization_code: IssuedCode) -> Account | None:
        return wiki().accounts.get(authorization_code.sub)

    def delete_authorization_code(self, authorization_code: IssuedCode) -> None:
        """Nothing to do: the check used it up, so that two at once cannot both pass."""


def _check_redirect(code: IssuedCode, redirect_uri: str | None) -> None:
    if code.redirect_uri == redirect_uri:
        return
    if redirect_uri is None:
        raise missing("redirect_uri")
    if code.redirect_uri is not None and wiki().generation == "43":
        raise ProviderError("invalid_client", status=401)
    raise ProviderError("invalid_request", "Invalid redirect URI")


def _check_verifier(code: IssuedCode, verifier: str | None) -> None:
    if not code.challenge:
        if verifier and wiki().generation == "46":
            raise missing("code_challenge")
        return
    if not verifier:
        raise missing("code_verifier")
    if not VERIFIER.fullmatch(verifier):
        raise ProviderError("invalid_request", "Code Verifier must follow the specifications of RFC-7636.")
    expected = create_s256_code_challenge(verifier) if code.method == "S256" else verifier
    if expected != code.challenge:
        raise ProviderError("invalid_grant", "Failed to verify `code_verifier`.")


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    def handle_error_response(self, request: Any, error: OAuth2Error) -> Response:
        """An unknown grant type is a bad request to this provider, never `unsupported_grant_type`."""
        if isinstance(error, UnsupportedGrantTypeError):
            error = missing("grant_type")
        response: Response = super().handle_error_response(request, error)
        return response

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Response:
        if isinstance(payload, dict):
            return Response(json.dumps(payload), status=status_code, headers=headers)
        return Response(payload, status=status_code, headers=headers)


class Challenge(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
    """Authlib checks the challenge at authorize; the verifier is checked with the provider's own errors."""

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Done in `CodeGrant.validate_token_request`."""


def query_client(client_id: str) -> Consumer | None:
    client = wiki().client
    return Consumer(client) if client.client_id == client_id else None


def _tokens(grant_type: str, client: Consumer, user: Account, **_unused: object) -> dict[str, object]:
    return wiki().issue_tokens(client.client_id, user.sub)


def make_server(app: Flask) -> Server:
    """Authlib's server for this app."""
    server = Server(app, query_client=query_client, save_token=lambda token, request: None)
    server.register_token_generator("default", _tokens)
    CodeGrant.TOKEN_RESPONSE_HEADER = JSON_HEADERS
    server.register_grant(CodeGrant, [Challenge(required=False)])
    return server

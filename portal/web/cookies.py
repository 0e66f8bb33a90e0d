"""The session cookie: signed, and never too old or too young by itself.

How long somebody stays signed in is said by the session's row (docs/adr/0005). Flask would also refuse a cookie that
was signed "in the future", which signs everybody out when the server's clock is set back.
"""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature


class AgelessSessions(SecureCookieSessionInterface):
    """Flask's cookie, with the signature checked and its date left aside."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        try:
            return self.session_class(signer.loads(request.cookies.get(self.get_cookie_name(app), "")))
        except BadSignature:
            return self.session_class()

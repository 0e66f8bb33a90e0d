"""The test client, with a request apart from the test that sends it."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.web import clock


class ApartClient(FlaskClient):
    """Each request has its own application context, as when it is served.

    Under the context that a test holds, Flask would share ``g`` and with it the signed-in person of the request before.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.rollback()  # what the test read is read anew afterwards
        return super().open(*args, **kwargs)


def travel_freely(app: Flask) -> None:
    """Let a test set the time without the portal seeing a clock that was moved: its steady clock travels along."""
    app.extensions["clock_watch"] = clock.Watch(steady=lambda: clock.now().timestamp())


def use_apart_client(app: Flask) -> None:
    """Serve every request of this app's test clients apart."""
    served = app.wsgi_app

    def apart(environ: Any, start_response: Any) -> Iterable[bytes]:
        return contextvars.Context().run(served, environ, start_response)

    app.wsgi_app = apart  # type: ignore[method-assign]  # Flask's documented way to wrap an app
    app.test_client_class = ApartClient

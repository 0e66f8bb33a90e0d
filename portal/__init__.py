"""The Technology team portal: who gets which access and which role, decided in the open."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
import portal.models  # noqa: F401  # fills the metadata before the database is bound
from portal import catalogue_uses, cli, extensions
from portal.access import routes as access_routes
from portal.assessments import routes as assessments_routes
from portal.calendar import routes as calendar_routes
from portal.figures import routes as figures_routes
from portal.home import routes as home_routes
from portal.mentoring import routes as mentoring_routes
from portal.notifications import mail_routes
from portal.notifications import routes as notifications_routes
from portal.operations import routes as operations_routes
from portal.org import loader, usage
from portal.org import routes as org_routes
from portal.people import current
from portal.people import routes as people_routes
from portal.personal_data import routes as personal_data_routes
from portal.record import proof_routes
from portal.record import routes as record_routes
from portal.requests import routes as requests_routes
from portal.rules import routes as rules_routes
from portal.search import routes as search_routes
from portal.web import access as door
from portal.web import (
    clock,
    cookies,
    error_pages,
    failures,
    filters,
    ids,
    logs,
    markdown,
    navigation,
    pseudo_locale,
    security,
    translations,
)

MAX_BODY = 1_000_000  # bytes: more than any form needs
MACROS = {  # what every template may call by these names
    "ui": "macros/ui.html",
    "req": "requests/_macros.html",
    "of_piece": "portfolio/_piece.html",
}


def create_app(settings: config.Settings) -> Flask:
    """The portal for these settings. Raises OrganisationError or MissingEntriesError for data that cannot be used."""
    app = Flask(__name__)
    app.extensions["settings"] = settings
    app.extensions["organisation"] = loader.load(settings.organisation_dir)
    logs.init_app(app)
    _configure(app, settings)
    extensions.bind_database(app)
    security.init_app(app)  # before the CSRF token is looked at: what comes from elsewhere is not even kept
    extensions.csrf.init_app(app)
    extensions.babel.init_app(app)
    if settings.pseudo_locale != "0":
        pseudo_locale.init_app(app, right_to_left=settings.pseudo_locale == "rtl")
    translations.init_app(app)
    app.session_interface = cookies.AgelessSessions()
    clock.init_app(app)
    ids.init_app(app)
    current.init_app(app)
    filters.init_app(app)
    navigation.init_app(app)
    error_pages.init_app(app)
    failures.init_app(app)
    app.jinja_env.filters["markdown"] = markdown.markdown
    app.jinja_env.globals.update(organisation=app.extensions["organisation"], settings=settings)
    _register(app)
    _share_macros(app)
    door.refuse_undeclared(app)
    if settings.env != "testing":
        usage.refuse_missing_entries(app)
    return app


def _share_macros(app: Flask) -> None:
    """Make the macros globals: an import in each piece of a page costs more than the piece."""
    for name, template in MACROS.items():
        app.jinja_env.globals[name] = app.jinja_env.get_template(template).module


def _configure(app: Flask, settings: config.Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=extensions.engine_options(settings.database_url),
        SESSION_COOKIE_NAME="__Host-portal" if settings.secure_cookies else "portal",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # the Origin check of portal.web.security covers it, also without a Referer
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    if settings.proxy_count:
        count = settings.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _register(app: Flask) -> None:
    """Blueprints, registries and commands of every feature, from the lowest to the highest."""
    for routes in (
        org_routes,
        people_routes,
        rules_routes,
        notifications_routes,
        mail_routes,
        assessments_routes,
        mentoring_routes,
        access_routes,
        requests_routes,
        record_routes,
        proof_routes,
        calendar_routes,
        figures_routes,
        personal_data_routes,
        search_routes,
        home_routes,
        operations_routes,
    ):
        routes.init_app(app)
    catalogue_uses.init_app(app)
    cli.init_app(app)

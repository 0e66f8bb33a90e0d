"""The development wiki as a Flask app: OAuth endpoints, the two API queries the portal asks, and the consent page."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from devwiki import faults
from devwiki.accounts import DEMO, RENAMABLE, RENAMED, Block
from devwiki.provider import JSON_HEADERS, ProviderError, Server, make_server
from devwiki.wiki import DevWiki, profile

DENIED = "User has rejected the request from client application"


def create_app(wiki: DevWiki) -> Flask:
    """The app of this wiki. It answers this machine only."""
    app = Flask(__name__)
    app.extensions["devwiki"] = wiki
    app.before_request(_refuse_strangers)
    server = make_server(app)
    _authorize_routes(app, wiki, server)
    _token_routes(app, wiki, server)
    _page_routes(app, wiki)
    app.add_url_rule("/w/api.php", "api", lambda: _with_fault(wiki, "api") or _api(wiki))
    return app


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_strangers() -> None:
    """Anybody may sign in here as anybody, so nobody outside may reach it, nor a page that rebinds its name."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if not is_loopback(request.remote_addr or "") or not is_loopback(host):
        abort(403)


def _with_fault(wiki: DevWiki, place: str) -> Response | None:
    wiki.user_agents.append(request.headers.get("User-Agent", ""))
    wiki.asked.append((request.full_path, request.headers.get("Authorization", "")))
    if place in wiki.canned:
        return wiki.canned[place].response()
    return faults.answer(wiki.fault_at(place), delay=wiki.delay)


def _rest_error(status: int, key: str, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """The shape of the wiki's REST framework: it has no "error" key."""
    body = {"errorKey": key, "messageTranslations": {"en": words}, "httpCode": status, "httpReason": words}
    return Response(json.dumps(body), status, headers=headers, content_type="application/json")


def _authorize_routes(app: Flask, wiki: DevWiki, server: Server) -> None:
    @app.get("/w/rest.php/oauth2/authorize")
    def authorize() -> ResponseReturnValue:
        if broken := faults.answer(wiki.fault_at("authorize"), delay=wiki.delay):
            return broken
        try:
            server.get_consent_grant()
        except OAuth2Error as error:
            return _connection_error(error)
        query = urlencode({"title": "Special:OAuth/approve", **request.args.to_dict()})
        return redirect(f"/w/index.php?{query}", 307)

    @app.route("/w/index.php", methods=["GET", "POST"])
    def approve() -> ResponseReturnValue:
        """The consent page; its answer goes back to the portal."""
        try:
            grant = server.get_consent_grant()
        except OAuth2Error as error:
            return _connection_error(error)
        if request.method == "GET":
            return render_template("consent.html", accounts=wiki.accounts.values(), asked=request.args)
        account = wiki.accounts.get(request.form.get("account", ""))
        if account is None:
            return redirect(_denied(wiki, grant.redirect_uri), 302)
        response: Response = server.create_authorization_response(grant_user=account, grant=grant)
        return response


def _token_routes(app: Flask, wiki: DevWiki, server: Server) -> None:
    @app.route("/w/rest.php/oauth2/access_token", methods=["GET", "POST"], provide_automatic_options=False)
    def access_token() -> ResponseReturnValue:
        if broken := _with_fault(wiki, "token"):
            return broken
        if request.method != "POST":
            return _rest_error(405, "rest-method-not-allowed", "Method Not Allowed", {"Allow": "POST"})
        if request.mimetype != "application/x-www-form-urlencoded":
            return _rest_error(415, "rest-unsupported-content-type", "Unsupported Media Type")
        response: Response = server.create_token_response()
        return response

    @app.get("/w/rest.php/oauth2/resource/profile")
    def resource_profile() -> ResponseReturnValue:
        return _with_fault(wiki, "profile") or _profile(wiki)


def _connection_error(error: OAuth2Error) -> ResponseReturnValue:
    """Errors of client, redirect and parameters stay on the wiki: the app never hears of them."""
    status = 401 if error.error == "invalid_client" or "Redirect URI" in error.description else 400
    return render_template("connection_error.html", description=error.description), status


def _denied(wiki: DevWiki, redirect_uri: str) -> str:
    """Cancel answers without the state, and not as access_denied: so both generations do."""
    answer = {"error": "unauthorized_client", "error_description": DENIED}
    if wiki.generation == "43":
        answer["message"] = DENIED
    return f"{redirect_uri}?{urlencode(answer)}"


def _profile(wiki: DevWiki) -> Response:
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if not header and wiki.generation == "46":
        return _rest_error(500, "internal-error", "Internal Server Error")
    if scheme != "Bearer" and not (wiki.generation == "46" and scheme.lower() == "bearer"):
        return _no_access('Missing "Authorization" header')
    if token.count(".") != 2:
        return _no_access("The JWT string must have two dots")
    account = wiki.account_of_token(token)
    if account is None:
        return _no_access("Access token could not be verified")
    return Response(json.dumps(profile(account)), content_type="application/json")


def _no_access(hint: str) -> Response:
    error = ProviderError("access_denied", hint, status=401)
    return Response(json.dumps(dict(error.get_body())), 401, headers=JSON_HEADERS)


def _api(wiki: DevWiki) -> Response:
    """action=query with list=blocks, list=users and meta=globaluserinfo, as formatversion 2 answers."""
    asked = {name: set(request.args.get(name, "").split("|")) for name in ("list", "meta")}
    found: dict[str, object] = {}
    body: dict[str, object] = {"batchcomplete": True, "query": found}
    if "blocks" in asked["list"]:
        found["blocks"] = _blocks(wiki, request.args.get("bkusers", ""))
    if "users" in asked["list"]:
        found["users"] = [_user(wiki, request.args.get("ususers", ""))]
    if "globaluserinfo" in asked["meta"] and wiki.central_auth:
        found["globaluserinfo"] = _global(wiki, request.args.get("guiuser", ""))
    elif "globaluserinfo" in asked["meta"]:
        body["warnings"] = {"main": {"warnings": 'Unrecognized value for parameter "meta": globaluserinfo.'}}
    return Response(json.dumps(body), content_type="application/json; charset=utf-8")


def _blocks(wiki: DevWiki, username: str) -> list[dict[str, object]]:
    account = wiki.by_name(username)
    if account is None or account.block is Block.NONE or account.hidden:
        return []
    return [
        {
            "id": int(account.sub),
            "user": account.username,
            "by": "Steward",
            "timestamp": "2026-01-01T00:00:00Z",
            "expiry": "infinity",
            "reason": "for the demo",
            "partial": account.block is Block.PARTIAL,
        }
    ]


def _user(wiki: DevWiki, username: str) -> dict[str, object]:
    account = wiki.by_name(username)
    if account is None or account.hidden:
        return {"name": username, "missing": True}
    known: dict[str, object] = {"userid": int(account.sub), "name": account.username}
    if account.block is not Block.NONE:
        known |= {"blockid": int(account.sub), "blockpartial": account.block is Block.PARTIAL}
    return known


def _global(wiki: DevWiki, username: str) -> dict[str, object]:
    account = wiki.by_name(username)
    if account is None or account.hidden:
        return {"name": username, "missing": True}
    known: dict[str, object] = {"home": "devwiki", "id": int(account.sub), "name": account.username, "groups": []}
    return {**known, "locked": True} if account.locked else known


def _page_routes(app: Flask, wiki: DevWiki) -> None:
    @app.get("/")
    def front() -> ResponseReturnValue:
        return render_template("front.html", wiki=wiki, renamable=RENAMABLE, portal=_portal(wiki))

    @app.post("/rename")
    def rename() -> ResponseReturnValue:
        """The renamable account takes its other name."""
        first = next(account.username for account in DEMO if account.sub == RENAMABLE)
        now = wiki.accounts[RENAMABLE].username
        wiki.rename(RENAMABLE, RENAMED if now == first else first)
        return redirect(url_for("front"), 303)


def _portal(wiki: DevWiki) -> str:
    parts = urlsplit(wiki.client.redirect_uri)
    return f"{parts.scheme}://{parts.netloc}/"

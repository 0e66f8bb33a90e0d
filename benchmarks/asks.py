"""What is asked of the portal: signed-in requests, with the fields of its forms as a browser would send them."""

from __future__ import annotations

import secrets
from dataclasses import replace
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from benchmarks.served import Ask
from portal.extensions import db
from portal.people import sessions
from portal.people.models import WikiIdentity
from portal.requests.models import TeamRequest
from portal.requests.workflow import State
from portal.web.unit_of_work import unit_of_work

FORM = "application/x-www-form-urlencoded"


class Reader:
    """Somebody signed in: asks for the load, and a client in this process to read forms with."""

    def __init__(self, app: Flask, person_id: int) -> None:
        with unit_of_work() as now:
            identity = db.session.scalars(select(WikiIdentity.id).where(WikiIdentity.person_id == person_id)).one()
            token = sessions.start(person_id, identity, now=now)
        secret = secrets.token_hex(20)
        content = {"_user_id": token, "_fresh": True, "csrf_token": secret}
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        self.name = app.config["SESSION_COOKIE_NAME"]
        self.value = serializer.dumps({**content, "seen": int(now.timestamp())})
        self.csrf = str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(secret))  # type: ignore[arg-type]
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie(self.name, self.value)

    def get(self, path: str) -> Ask:
        return Ask("GET", path, {"Cookie": f"{self.name}={self.value}"})

    def nothing_new(self, request_id: int) -> Ask:
        """What an open page asks now and then, when there is nothing to tell: answered with 304."""
        fragment = {"HX-Request": "true", "HX-Request-Type": "partial"}
        path = f"/requests/{request_id}/news?since={2**31 - 1}"
        tag = self.client.get(path, headers=fragment).headers["ETag"]
        return replace(self.get(path), headers={**self.get(path).headers, **fragment, "If-None-Match": tag}, expect=304)

    def post(self, path: str, fields: dict[str, str], *, expect: int = 303) -> Ask:
        headers = {"Cookie": f"{self.name}={self.value}", "Content-Type": FORM}
        return Ask("POST", path, headers, urlencode({**fields, "csrf_token": self.csrf}), expect)

    def form(self, page: str, action: str, **fields: str) -> dict[str, str]:
        """The fields of the form on this page that is sent to ``action``, as they stand, with some filled in."""
        answer = self.client.get(page)
        tree = html5lib.parse(answer.text, treebuilder="etree", namespaceHTMLElements=False)
        form = next((form for form in tree.iter("form") if form.get("action") == action), None)
        if form is None:
            raise SystemExit(f"{page} ({answer.status_code}) has no form to {action}")
        return {**_fields(form), **fields}


def _fields(form: Element) -> dict[str, str]:
    found = {}
    for element in form.iter():
        name, kind = element.get("name"), element.get("type")
        if name and element.tag == "textarea":
            found[name] = element.text or ""
        elif name and element.tag == "input" and (kind not in ("checkbox", "radio") or "checked" in element.attrib):
            found[name] = element.get("value", "on")
    return found


def open_requests() -> list[int]:
    """The ids of what is under discussion, the newest first."""
    query = select(TeamRequest.id).where(TeamRequest.state == State.DISCUSSION).order_by(TeamRequest.id.desc())
    return list(db.session.scalars(query))


def comments(reader: Reader, request_ids: list[int], times: int) -> list[Ask]:
    """As many comments as asked for, in turn on these requests."""
    found = []
    for number in range(times):
        path = f"/requests/{request_ids[number % len(request_ids)]}"
        if number < len(request_ids):
            fields = reader.form(path, f"{path}/comments", body="I read it, and I agree with what Ann said.")
        fields = {**fields, "page_id": secrets.token_hex(16), "audience": "shared"}
        found.append(reader.post(f"{path}/comments", fields))
    return found


def decisions(reader: Reader, request_ids: list[int]) -> list[Ask]:
    """An approval of each of these requests."""
    found = []
    for id in request_ids:
        path = f"/requests/{id}"
        fields = reader.form(path, f"{path}/approve", reason="It is needed, and the team knows the work.")
        found.append(reader.post(f"{path}/approve", {**fields, "anyway": "It cannot wait."}))
    return found


def filings(volunteers: list[Reader]) -> list[Ask]:
    """A filled draft of each volunteer who asks to join, to be submitted: the step of filing that makes the request."""
    found = []
    for reader in volunteers:
        fields = reader.form("/requests/new", "/requests/new", kind="new_member")
        draft = str(reader.client.post("/requests/new", data={**fields, "csrf_token": reader.csrf}).location)
        typed = {name: value or "Because I can help." for name, value in reader.form(draft, draft).items()}
        wanted = {
            "items": "role:mediawiki_specialist",
            "phorge_task": "",
            "until": "",
            "candidate_name": "",
            "go_on": "1",
        }
        answer = reader.client.post(draft, data={**typed, **wanted, "csrf_token": reader.csrf})
        if answer.status_code != 303:
            raise SystemExit(f"the draft was not saved: {answer.status_code}\n{answer.text}")
        found.append(reader.post(draft.replace("/draft", "/submit"), {}))
    return found

"""Every form on every page is sent, by everybody who has it: what comes back holds nothing that is not for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.privacy import crawling
from tests.privacy.browsing import Reader, everything_logged, reader
from tests.privacy.conftest import go_back, keep
from tests.privacy.crawling import Form
from tests.privacy.scene import ACTORS, Scene

TYPED = "7 words that somebody typed"
PRESSING = {  # in the fast suite; --slow sends every form of everybody
    "newcomer": "joining",
    "former": "joining",
    "candidate": "discussed",
    "board": "joining",
    "director": "of the director",
}


def forms_of(app: Flask, browser: Reader, only: str) -> Iterator[Form]:
    """Each form once, as it stands on the first page that has it; of this page alone, or of all."""
    sent: set[tuple[str, tuple[str, ...]]] = set()
    for _endpoint, address in list(crawling.addresses(app)):
        if only not in ("", address):
            continue
        answer = browser.get(address)
        for form in crawling.forms(answer.text, address) if answer.mimetype == "text/html" else ():
            key = (form.action, tuple(field.name for field in form.fields))
            if form.method == "post" and "sign-out" not in form.action and key not in sent:
                sent.add(key)
                yield form


def send_everything(app: Flask, scene: Scene, actor: str, only: str = "") -> tuple[Reader, int]:
    """Send each form filled in and empty, each time to the same scene."""
    browser = reader(app, scene, actor)
    keep("pressing")
    pressed = list(forms_of(app, browser, only))
    for form in pressed:
        for typed in (TYPED, ""):
            answer = browser.post(form.action, form.data(typed), htmx=form.htmx)
            assert answer.status_code < 500, form.action
            if answer.status_code < 400:
                go_back("pressing")
    return browser, len(pressed)


@pytest.mark.parametrize("actor", PRESSING)
def test_no_answer_to_a_form_of_a_request_holds_what_is_not_for_them(app: Flask, scene: Scene, actor: str) -> None:
    with everything_logged() as lines:
        browser, pressed = send_everything(app, scene, actor, f"/requests/{scene.requests[PRESSING[actor]].id}")

    assert pressed
    assert browser.leaks == []
    assert browser.known.findall("\n".join(lines)) == []
    assert TYPED not in "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("actor", ACTORS)
def test_no_answer_to_any_form_holds_what_is_not_for_them(app: Flask, scene: Scene, actor: str) -> None:
    with everything_logged() as lines:
        browser, _pressed = send_everything(app, scene, actor)

    assert browser.leaks == []
    assert browser.known.findall("\n".join(lines)) == []
    assert TYPED not in "\n".join(lines)

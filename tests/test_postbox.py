"""The mail server of ./dev run: what the portal sends is there to be read, and is sent nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import config
from devtools.postbox import Postbox
from portal.notifications.channels.smtp import MailServer
from tests.browser import LivePortal, free_ports
from tests.notifications.post_office import link

BODY = "A line.\n.\n.. dots\nü and a long line: " + "x" * 500 + "\n"


@pytest.fixture
def postbox(tmp_path: Path) -> Iterator[Postbox]:
    server = Postbox(free_ports(), tmp_path / "mail")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def mail(number: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "portal@mail.example", "Demö <demo@mail.example>"
    message["Subject"], message["Message-ID"] = f"Mail {number}", f"<{number}.mail../p1@127.0.0.1>"
    message.set_content(BODY, cte="quoted-printable")
    return message


def test_each_mail_is_a_file_as_it_was_sent_and_one_line_says_where(
    postbox: Postbox, capsys: pytest.CaptureFixture[str]
) -> None:
    server = MailServer(config.Smtp("smtp", "127.0.0.1", postbox.server_address[1], "portal@mail.example"))
    for number in (1, 2, 1):  # a worker that got no answer sends it again
        server.send(mail(number), "demo@mail.example")
    server.close()

    files = sorted(postbox.folder.iterdir())
    assert [path.name for path in files] == ["1.mail..p1@127.0.0.1.eml", "2.mail..p1@127.0.0.1.eml"]
    found = message_from_bytes(files[0].read_bytes(), policy=default)
    assert found.get_content().replace("\r\n", "\n") == BODY
    said = capsys.readouterr().out.splitlines()
    assert said[1] == f"Mail to Demö <demo@mail.example>, 'Mail 2': {files[1]}"
    assert len(said) == 3


@pytest.mark.browser
def test_an_address_is_confirmed_with_the_mail_that_dev_run_keeps(live_portal: LivePortal, page: Page) -> None:
    live_portal.sign_in(page, "Demo Treasurer")
    page.goto(f"{live_portal.url}/account/mail")
    page.get_by_label("Mail address").fill("treasurer@mail.example")
    page.get_by_role("button", name="Send me the button").click()
    expect(page.get_by_text("A mail is on its way")).to_be_visible()

    question = kept(live_portal.data / "mail", "treasurer@mail.example")
    page.goto(live_portal.url + link(question, "/mail/confirm", site=live_portal.url))
    page.get_by_role("button", name="Yes, this address is mine").click()

    expect(page.get_by_text("Confirmed.")).to_be_visible()


def kept(folder: Path, address: str) -> EmailMessage:
    """The mail to this address, once it has come."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for path in folder.glob("*.eml"):
            message = message_from_bytes(path.read_bytes(), policy=default)
            if message["To"] == address:
                assert isinstance(message, EmailMessage)
                return message
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address} in {folder}")

"""Where the portal sends to: the hosts of its settings, on the open internet, by https, and never on by a redirect."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

import pytest

from portal.notifications.channels import PermanentFailure, TemporaryFailure, limits, outward
from portal.notifications.channels.outward import Outside, Refused, checked, post
from tests.notifications.chat_server import OUTSIDE, chat_server

REAL = Outside(frozenset({"chat.example.org", "localhost", "127.0.0.1", "10.0.0.1"}), "Portal/1.0")
PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),  # noqa: S104
    *("::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:0a00:0001::", "ff02::1"),
)


def names(*addresses: str) -> Callable[[str, int], list[str]]:
    """A name server that knows these addresses."""
    return lambda host, port: list(addresses)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_not_spoken_to(address: str) -> None:
    for found in ((address,), ("93.184.216.34", address)):
        with pytest.raises(Refused, match="address"):
            checked("https://chat.example.org/x", REAL, names(*found))


def test_a_public_address_is_taken() -> None:
    assert checked("https://chat.example.org/x", REAL, names("93.184.216.34")) == ["93.184.216.34"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://evil.example/x", "host"),
        ("https://chat.example.org.evil.example/x", "host"),
        ("https://chat.example.org@evil.example/x", "host"),
        ("http://chat.example.org/x", "scheme"),
        ("ftp://chat.example.org/x", "scheme"),
        ("https://localhost/x", "address"),  # by the machine's own name server
        ("https://127.0.0.1/x", "address"),
        ("https://10.0.0.1/x", "address"),
    ],
)
def test_other_hosts_and_other_ways_are_refused(url: str, why: str) -> None:
    resolver = outward.resolve if why == "address" else names("93.184.216.34")
    with pytest.raises(Refused, match=why):
        checked(url, REAL, resolver)
    with pytest.raises(PermanentFailure, match=f"refused_{why}"):
        post(url, {}, {}, REAL, resolver)


def test_in_development_this_machine_is_allowed_and_nothing_else_that_is_private() -> None:
    here = Outside(frozenset({"chat.example.org"}), "Portal/1.0", on_this_machine=True)
    assert checked("http://chat.example.org/x", here, names("127.0.0.1")) == ["127.0.0.1"]
    with pytest.raises(Refused):
        checked("https://chat.example.org/x", here, names("10.0.0.1"))
    with pytest.raises(Refused):
        checked("http://chat.example.org/x", here, names("93.184.216.34"))


def test_the_address_that_was_looked_at_is_the_one_that_is_spoken_to() -> None:
    """A name server that changes its mind a moment later leads nowhere."""
    with chat_server() as chat:
        answers = [["127.0.0.1"], ["10.0.0.1"]]
        url = chat.url("x").replace("127.0.0.1", "chat.example.org")
        here = Outside(frozenset({"chat.example.org"}), "Portal/1.0", on_this_machine=True)
        post(url, {"text": "x"}, {"Idempotency-Key": "k"}, here, lambda host, port: answers.pop(0))

        assert len(chat.taken) == 1
        assert len(answers) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_address_is_not_followed(status: int) -> None:
    with chat_server() as inner, chat_server() as chat:
        chat.plan = [(status, {"Location": inner.url("secret")})]
        with pytest.raises(PermanentFailure, match=f"http_{status}"):
            post(chat.url("x"), {}, {}, OUTSIDE)

        assert inner.asked == 0


def test_a_certificate_of_somebody_else_is_refused() -> None:
    """A server on this machine that speaks no TLS at all, asked by https."""
    with chat_server() as chat, pytest.raises(TemporaryFailure):
        post(chat.url("x").replace("http:", "https:"), {}, {}, OUTSIDE)
    assert ssl.create_default_context().check_hostname


def test_a_name_that_is_not_known_is_tried_again_later() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(TemporaryFailure, match="unknown_host"):
        post("https://chat.example.org/x", {}, {}, REAL, unknown)


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WHOLE", 0.8)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    while not over.wait(0.1):
                        connection.send(b"H")
                except OSError:
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(TemporaryFailure):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/x", {}, {}, OUTSIDE)
        over.set()
        thread.join(5)
        assert not thread.is_alive()

"""The talk with a mail server that encrypts and asks who is there: never in the clear, never with who it is not."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import select

import config
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState
from portal.requests import discussion_services
from tests import factories
from tests.notifications.factories import forget
from tests.notifications.post_office import SENDER, PostOffice, connected, post_office, reachable, running, work
from tests.requests import factories as requests

NAME, PASSWORD = "portal", "canary-password"
SCHEMES = ("smtp+starttls", "smtps")
Trust = Callable[[Path], None]


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Trust:
    """Lets this machine trust a certificate, as an operator does whose mail server has its own."""
    return lambda certificate: monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def certificate(folder: Path, host: str = "localhost") -> Path:
    """A certificate that nobody signed but itself, with its key beside it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), factories.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(names, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = folder / f"{host}.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    path.with_suffix(".key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path


def guarded(certificate: Path, scheme: str) -> PostOffice:
    """A mail server with this certificate that takes nothing from who did not encrypt and sign in."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    office = PostOffice(password=PASSWORD)
    encryption = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    office.options = {**encryption, "authenticator": office.authenticate}
    starttls = scheme != "smtps"  # all that aiosmtpd means by TLS
    office.options |= {"auth_required": starttls, "auth_require_tls": starttls}
    return office


def settings(office: PostOffice, scheme: str, password: str = PASSWORD) -> config.Smtp:
    return config.Smtp(scheme, "localhost", office.port, SENDER, NAME, password)


def asked(app: Flask) -> None:
    """Ann is reachable, and a question to her waits to be sent."""
    ann, ben = factories.member("Ann"), factories.member("Ben")
    id = requests.team_request(ann)
    forget()
    with post_office(app):
        reachable(ann)
    requests.do(discussion_services.ask, ben, id, "Which?")


def deliveries() -> list[tuple[DeliveryState, str]]:
    db.session.rollback()
    query = select(Delivery.state, Delivery.failure).where(Delivery.channel == "mail")
    return [(state, failure) for state, failure in db.session.execute(query)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mail_is_encrypted_and_the_portal_signs_in(app: Flask, tmp_path: Path, trust: Trust, scheme: str) -> None:
    own = certificate(tmp_path)
    trust(own)
    asked(app)
    office = guarded(own, scheme)
    with running(office), connected(app, office, settings(office, scheme)):
        work(app)

    assert [mail["To"] for mail in office.taken] == ["ann@example.org"]
    assert office.encrypted == [True]
    assert office.logins == [(NAME, PASSWORD)]


@pytest.mark.both_databases
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("fault", ["unknown", "of another host"])
def test_with_a_certificate_that_cannot_be_trusted_nothing_is_said_and_the_mail_waits(
    app: Flask, tmp_path: Path, trust: Trust, scheme: str, fault: str
) -> None:
    own, other = certificate(tmp_path), certificate(tmp_path, "mail.example.org")
    if fault != "unknown":
        trust(other)
    asked(app)
    office = guarded(own if fault == "unknown" else other, scheme)
    with running(office), connected(app, office, settings(office, scheme)):
        work(app)
    assert deliveries() == [(DeliveryState.QUEUED, "SSLCertVerificationError")]
    assert (office.logins, office.encrypted) == ([], [])

    trust(own)
    mended = guarded(own, scheme)
    later = time_machine.travel(factories.now() + timedelta(minutes=2))
    with running(mended), connected(app, mended, settings(mended, scheme)), later:
        work(app)
    assert [state for state, _ in deliveries()] == [DeliveryState.SENT]
    assert len(mended.taken) == 1


def test_a_server_that_hides_that_it_can_encrypt_is_told_no_password(app: Flask) -> None:
    asked(app)
    office = PostOffice(password=PASSWORD)
    office.options = {"authenticator": office.authenticate, "auth_require_tls": False}
    with running(office), connected(app, office, settings(office, "smtp+starttls")):
        work(app)

    assert deliveries() == [(DeliveryState.QUEUED, "SMTPNotSupportedError")]
    assert (office.logins, office.encrypted) == ([], [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wrong_password_loses_no_mail_and_stands_in_no_log(
    app: Flask, tmp_path: Path, trust: Trust, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    own = certificate(tmp_path)
    trust(own)
    asked(app)
    office = guarded(own, scheme)
    with running(office), connected(app, office, settings(office, scheme, "canary-wrong")):
        shown = work(app)
    assert deliveries() == [(DeliveryState.QUEUED, "smtp_535")]
    assert "canary" not in shown + caplog.text

    later = time_machine.travel(factories.now() + timedelta(minutes=2))
    with running(office), connected(app, office, settings(office, scheme)), later:
        work(app)
    assert len(office.taken) == 1

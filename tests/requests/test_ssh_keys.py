"""Reading public keys: what is accepted, what is refused, and that nothing breaks it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.requests import ssh_keys

SECURITY_KEY = b"sk-ssh-ed25519@openssh.com"


def line(public: ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def packed(*fields: bytes) -> str:
    return base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in fields)).decode()


ED25519 = line(ed25519.Ed25519PrivateKey.generate().public_key())
RSA_4096 = line(rsa.generate_private_key(65537, 4096).public_key())
RSA_2048 = line(rsa.generate_private_key(65537, 2048).public_key())
HARDWARE = f"sk-ssh-ed25519@openssh.com {packed(SECURITY_KEY, b'k' * 32, b'ssh:')}"


@pytest.mark.parametrize(
    ("raw", "algorithm", "bits"),
    [
        (ED25519, "ssh-ed25519", 256),
        (HARDWARE, "sk-ssh-ed25519@openssh.com", 256),
        (RSA_4096, "ssh-rsa", 4096),
    ],
    ids=["ed25519", "security key", "RSA 4096"],
)
def test_strong_keys_are_read(raw: str, algorithm: str, bits: int) -> None:
    found = ssh_keys.parse(raw)

    assert (found.algorithm, found.bits, found.text) == (algorithm, bits, raw)


def test_the_fingerprint_is_the_one_openssh_shows() -> None:
    digest = hashlib.sha256(base64.b64decode(ED25519.split()[1])).digest()

    assert ssh_keys.parse(ED25519).fingerprint == "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize(
    "written",
    ["{} ann@laptop", "  {}\n", "{}\r\n", "{}\tann at home, the old laptop", "\n\n{}\n"],
)
def test_a_comment_and_blanks_around_it_are_left_away(written: str) -> None:
    assert ssh_keys.parse(written.format(ED25519)) == ssh_keys.parse(ED25519)


ALGORITHM, BODY = ED25519.split()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (RSA_2048, "4096 bits"),
        (line(ec.generate_private_key(ec.SECP256R1()).public_key()), "not accepted"),
        (f"ssh-dss {BODY}", "not accepted"),
        (f"ssh-rsa {BODY}", "damaged"),
        (f"ssh-ed25519 {RSA_4096.split()[1]}", "damaged"),
        (f"SSH-ED25519 {BODY}", "not accepted"),
        (f"{ALGORITHM} {BODY[:-6]}", "damaged"),
        (f"{ALGORITHM} {BODY[:20]}*{BODY[21:]}", "damaged"),
        (f"{ALGORITHM} AAAA", "damaged"),
        (f"{ALGORITHM} ключ", "damaged"),
        (f"sk-ssh-ed25519@openssh.com {BODY}", "damaged"),
        (f"sk-ssh-ed25519@openssh.com {packed(SECURITY_KEY, b'k' * 31, b'ssh:')}", "damaged"),
        (f"sk-ssh-ed25519@openssh.com {packed(SECURITY_KEY, b'k' * 32)}", "damaged"),
        (f"sk-ssh-ed25519@openssh.com {packed(SECURITY_KEY, b'k' * 32, b'ssh:', b'')}", "damaged"),
        (f"sk-ssh-ed25519@openssh.com {packed(SECURITY_KEY, b'k' * 32, b'ssh:')[:-4]}", "damaged"),
        ("", "one line"),
        (ALGORITHM, "one line"),
        (f"{ED25519}\n{ED25519}", "one line"),
        (f"restrict,pty {ED25519}", "damaged"),
        (f"{ED25519} {'x' * 5000}", "one line"),
        ("x" * 1_000_000, "one line"),
    ],
    ids=[f"case {number}" for number in range(21)],  # keys differ in every process
)
def test_what_cannot_be_used_is_refused_in_words(raw: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        ssh_keys.parse(raw)

    assert refused.value.field == "key"


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_a_private_key_is_refused_as_such(form: PrivateFormat) -> None:
    private = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    with pytest.raises(Invalid, match="private key"):
        ssh_keys.parse(private)


@given(st.text() | st.binary(max_size=200).map(lambda raw: f"ssh-ed25519 {base64.b64encode(raw).decode()}"))
@example("sk-ssh-ed25519@openssh.com ====")
@example("ssh-rsa \x00")
@example("ssh-ed25519 \ud800")
def test_any_text_is_read_or_refused_and_nothing_else(raw: str) -> None:
    try:
        found = ssh_keys.parse(raw)
    except Invalid:
        return
    assert found.text.split()[0] == found.algorithm


@given(st.binary(max_size=120), st.sampled_from(["ssh-rsa", "ssh-ed25519", "sk-ssh-ed25519@openssh.com"]))
def test_any_bytes_under_any_type_are_read_or_refused(blob: bytes, algorithm: str) -> None:
    with contextlib.suppress(Invalid):
        ssh_keys.parse(f"{algorithm} {base64.b64encode(blob).decode()}")


@given(st.data())
def test_a_damaged_key_is_refused_or_is_another_key(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    other = data.draw(st.sampled_from("ABCDEFabcdef019+/="))
    try:
        found = ssh_keys.parse(f"{ALGORITHM} {BODY[:at]}{other}{BODY[at + 1 :]}")
    except Invalid:
        return
    assert (found.fingerprint == ssh_keys.parse(ED25519).fingerprint) == (base64.b64decode(BODY) == _blob(found.text))


def _blob(text: str) -> bytes:
    return base64.b64decode(text.split()[1])

"""Checkpoints as signed notes: a few lines of text that anybody can copy, and check with the portal's public key.

The form is C2SP's signed-note and tlog-checkpoint: name, size and root, here followed by the head of the chain and the
time; an empty line; and one line with the signature (Ed25519). Pure but for the key, which comes from the settings.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config import Settings
from portal.audit.chain import canonical_time
from portal.extensions import app_value

ED25519 = b"\1"  # the kind of key, in front of its bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a checkpoint says: the first ``size`` events have this root, and the last of them this hash."""

    size: int
    root: bytes
    head_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signer:
    """The portal's key, under the name of its address."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> str:
        """The public key as it is handed out: NAME+ID+KEY."""
        public = ED25519 + self.private.public_key().public_bytes_raw()
        return f"{self.name}+{_id(self.name, public).hex()}+{base64.b64encode(public).decode()}"

    def sign(self, claim: Claim) -> str:
        """The checkpoint as a signed note."""
        text = _text(self.name, claim)
        public = ED25519 + self.private.public_key().public_bytes_raw()
        return _note(self.name, text, _id(self.name, public) + self.private.sign(text.encode()))


def _text(name: str, claim: Claim) -> str:
    return (
        f"{name}\n{claim.size}\n{base64.b64encode(claim.root).decode()}\n"
        f"head {claim.head_hash}\nat {canonical_time(claim.at)}\n"
    )


def _note(name: str, text: str, signature: bytes) -> str:
    return f"{text}\n\u2014 {name} {base64.b64encode(signature).decode()}\n"


def _id(name: str, public: bytes) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return hashlib.sha256(f"{name}\n".encode() + public).digest()[:4]


def signer() -> Signer | None:
    """The key of the settings; None where there is none, and then there are no checkpoints."""
    settings: Settings = app_value("settings")
    if not settings.signing_key:
        return None
    return Signer(name_of(settings.base_url), _private(settings.signing_key))


def name_of(base_url: str) -> str:
    """The portal's address as the name of its key: without scheme, and without what a note cannot hold."""
    parts = urlsplit(base_url)
    return f"{parts.netloc}{parts.path}".replace("+", "-").replace(" ", "-")


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret, validate=True))


def new_key(base_url: str) -> tuple[str, Signer]:
    """A new key: the secret for the settings, and who signs with it."""
    private = Ed25519PrivateKey.generate()
    return base64.b64encode(private.private_bytes_raw()).decode(), Signer(name_of(base_url), private)


def is_signed(note: str, key: str, claim: Claim) -> bool:
    """Whether this note says just this, signed with the key (NAME+ID+KEY)."""
    name, _, public = key.split("+", 2)
    text = _text(name, claim)
    signature = base64.b64decode(note.rstrip("\n").rpartition(" ")[2])
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)[1:]).verify(signature[4:], text.encode())
    except (InvalidSignature, ValueError):
        return False
    return note == _note(name, text, signature)

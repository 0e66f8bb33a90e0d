"""Reading a public SSH key: what kind it is, how strong, its fingerprint. Pure.

Accepted: ed25519, sk-ssh-ed25519, RSA of 4096 bits or more. Source: Access Management Policy (mirror of 2024-09).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from portal.errors import Invalid

RSA_BITS = 4096
LONGEST_KEY = 4000  # characters; an RSA key of 16,384 bits has about 2,750
SECURITY_KEY = "sk-ssh-ed25519@openssh.com"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that may be used. ``text`` has no comment; ``fingerprint`` is OpenSSH's SHA256 form."""

    text: str
    algorithm: str
    bits: int
    fingerprint: str


def parse(raw: str) -> PublicKey:
    """Read one line of an authorized_keys or .pub file. Raises Invalid in words."""
    if "PRIVATE KEY" in raw:
        raise Invalid(
            "This is a private key. Never send it to anybody; paste the .pub file, and make a new key.", "key"
        )
    parts = raw.strip().split()
    if len(raw) > LONGEST_KEY or len(raw.strip().splitlines()) != 1 or len(parts) < 2:
        raise Invalid("Paste the one line of your public key. It begins with ssh-ed25519.", "key")
    algorithm, body = parts[0], parts[1]
    try:
        blob = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("This public key is damaged: copy the whole line again.", "key") from None
    bits = _security_key_bits(blob) if algorithm == SECURITY_KEY else _bits(algorithm, body)
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return PublicKey(f"{algorithm} {body}", algorithm, bits, f"SHA256:{digest}")


def _bits(algorithm: str, body: str) -> int:
    if algorithm not in ("ssh-ed25519", "ssh-rsa"):
        raise Invalid("This kind of key is not accepted. Make an ed25519 key as described below.", "key")
    try:
        key = load_ssh_public_key(f"{algorithm} {body}".encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid("This public key is damaged: copy the whole line again.", "key") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise Invalid("This RSA key is too short: it needs 4096 bits. An ed25519 key is better.", "key")
        return key.key_size
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise Invalid("This kind of key is not accepted. Make an ed25519 key as described below.", "key")
    return 256


def _security_key_bits(blob: bytes) -> int:
    """A hardware key: type, 32 bytes of ed25519 key, application; each with its length before it."""
    fields, rest = [], blob
    try:
        while rest:
            (length,) = struct.unpack(">I", rest[:4])
            fields.append(rest[4 : 4 + length])
            if len(fields[-1]) != length:
                raise ValueError
            rest = rest[4 + length :]
        if len(fields) != 3 or fields[0] != SECURITY_KEY.encode() or len(fields[1]) != 32:
            raise ValueError
    except (struct.error, ValueError):
        raise Invalid("This public key is damaged: copy the whole line again.", "key") from None
    return 256

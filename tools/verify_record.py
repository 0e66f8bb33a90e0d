"""Check a downloaded record without the portal: verify_record.py RECORD.json KEY [CHECKPOINT.txt]

KEY is the portal's public key from a place you trust; CHECKPOINT.txt a checkpoint you kept. Needs Python 3.9 and the
package cryptography. Prints what is proved. Exit code: 0 it holds; 1 it does not; 3 it holds, but words were removed.
"""

import hashlib
import json
import sys
from base64 import b64decode, b64encode
from binascii import unhexlify
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check(holds, says):
    if not holds:
        raise SystemExit("DOES NOT HOLD: " + says)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def checkpoint(note, key):
    """The lines of a signed note (C2SP signed-note, tlog-checkpoint). Raises InvalidSignature."""
    name, key_id, public = key.split("+", 2)
    text, _, line = note.partition("\n\u2014 " + name + " ")
    raw = b64decode(line)
    signed = line == b64encode(raw).decode() + "\n" and raw[:4].hex() == key_id and text.startswith(name + "\n")
    check(signed, "the checkpoint is another portal's, or of another key")
    Ed25519PublicKey.from_public_bytes(b64decode(public)[1:]).verify(raw[4:], text.encode())
    return text.split("\n")


def climb(place, size, found, path):
    """The root that a path leads to (RFC 9162, 2.1.3.2)."""
    check(0 < place <= size, "the entry is not under this checkpoint")
    index, last = place - 1, size - 1
    for step in map(unhexlify, path):
        if index & 1 or index == last:
            found = sha256(b"\1", step, found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = sha256(b"\1", found, step)
        index, last = index >> 1, last >> 1
    return found if last == 0 else b""


def main(record, key, *kept):
    fields = ["format", "place", "hash", "event", "path", "checkpoint", "statement", "reason", "anyway"]
    place, event, missing = record["place"], record["event"], []
    check(record["format"] == "portal-record/1" and set(record) == set(fields), "it is of another format")
    check(type(place) is int and record["checkpoint"], "no checkpoint covers it yet")
    lines = [checkpoint(note, key) for note in (record["checkpoint"], *kept)][-1]
    root = climb(place, int(lines[1]), sha256(b"\0", unhexlify(record["hash"])), record["path"])
    check(b64encode(root).decode() == lines[2], "the entry is not under this checkpoint")
    print("entry", place, record["hash"], "under the checkpoint", *lines[1:])
    if event is not None:
        is_it = sha256(json.dumps(event, sort_keys=True, separators=(",", ":")).encode()).hex() == record["hash"]
        check(is_it and event[0] == place and event[2] == "request.approved", "the entry was changed, or is none")
    for name in fields[6:]:
        words, known = record[name], event and event[9].get(name)
        if words:
            is_it = sha256((words["salt"] + words["body"]).encode()).hex() == known
            check(is_it and len(words) == 2 and len(words["salt"]) == 32, name + " was changed")
        missing += [name] if (known and not words) or event is None else []
        print(name + ":", words and words["body"])
    print("HOLDS" + (", but without " + ", ".join(missing) if missing else ""))
    return 3 if missing else 0


if __name__ == "__main__":
    try:
        files = [Path(name).read_bytes().decode() for name in (sys.argv[1], *sys.argv[3:])]
        sys.exit(main(json.loads(files[0]), sys.argv[2], *files[1:]))
    except Exception as error:  # whatever it is: nothing was proved
        raise SystemExit(f"DOES NOT HOLD, or cannot be read: {type(error).__name__} {error}") from None

"""Bodies that no page would send, made from those a page does. Seeded: the same number gives the same body."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote_plus

from portal.extensions import db
from portal.web import clock
from tests.requests import factories
from tests.whole.found_forms import Form

Pairs = list[tuple[str, str]]
MARK = "zzMARKzz"  # must turn up nowhere: it was sent where nothing is offered
URLENCODED = "application/x-www-form-urlencoded"
SURROGATE = b"%ED%A0%80"  # half a character, as bytes
TYPES = (
    *("", " ", "0", "-1", "1.5", "1e9", "9" * 40, "2147483648", "0x10", "٣", "２", "NaN", "true", "null", "[]", "{}"),
    *("9999-12-31", "0000-00-00", "0001-01-01", "10000-01-01", "2026-02-30", "2026-13-01", "-0001-01-01", "31/12/9999"),
    *(
        "'; DROP TABLE person; --",
        "../../etc/passwd",
        "%s%n%(x)s",
        "{{ 7 * 7 }}",
        "javascript:alert(1)",
        "T0",
        "@",
        "[[",
    ),
)
CHARACTERS = (
    *(
        "a\x00b",
        "\x00",
        "\u202eevil\u202c",
        "\ufeff",
        "\u200b\u200d",
        "\uffff",
        "\U0001f9d1\u200d\U0001f680",
        "\x1b[31m",
    ),
    *(
        "e\u0301\u0327" * 20,
        "\u0344" * 40,
        "\u2028\u2029",
        "\r\n\r\nSet-Cookie: a=b",
        "\ue000",
        "\U0010ffff",
        "ﷺ" * 300,
    ),
)
LONG = (
    "x" * 100_000,
    "ü" * 50_000,
    "\u0301\u0327" * 25_000,
    "[" * 100_000,
    "> " * 50_000,
    "a\n" * 50_000,
    "9" * 100_000,
)


CHANGED = {"value", "body"}  # sent as it stands it would change nothing


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent. ``same``: it has to have the effect of the untouched form, or none."""

    how: str
    data: bytes
    content_type: str = URLENCODED
    same: bool = False


def filled(form: Form) -> Pairs:
    """The form as somebody would fill it: what stands there stays, the rest gets what fits its name."""
    pairs: Pairs = []
    for name, found in form.fields.items():
        values = found.values if any(found.values) and name not in CHANGED else [sensible(name, found.kind)]
        if found.is_choice and not any(found.values):
            values = [value for value in found.offered if value][:1]
        if name == "second":  # not the one that was chosen before
            values = [value for value in found.offered if value][1:2]
        if name == "text" and "/standards/" in form.url:
            values = [STANDARD]
        pairs += [(name, value) for value in values]
    return pairs


_offer = functools.cache(factories.key_offer)
STANDARD = """{|
! Title !! Description !! Stack Area !! Role Focus
|-
! colspan=4 | Knowledge
|-
| Log Interpretation || Reads logs. || Infra || Generalist
|}
"""


def sensible(name: str, kind: str) -> str:
    """A value that a field of this name takes."""
    today = clock.now().date()
    plain = name.rsplit("-", 1)[-1] if name.startswith("decline-") else name
    offer = _offer()
    known: dict[str, str] = {
        "key": offer.key.text,
        "shell_name": offer.shell_name,
        "github_name": offer.github_name,
        "wiki_proof": offer.wiki_proof,
        "github_proof": offer.github_proof,
        "phorge_task": "T123",
        "address": "somebody@example.org",
        "url": "https://phorge.example.org/T1",
        "minutes_url": "https://meta.example.org/wiki/Board/Minutes",
        "name": "Demo Volunteer",
        "value": "6",
        "places": "2",
        "person": "Demo Treasurer",
        "text": "Title,Score\nLog Interpretation,2\n",
        "met_on": today.isoformat(),
        "signed_on": (today - timedelta(days=3)).isoformat(),
    }
    if plain == "link":
        return "T123"
    if plain.startswith("link-"):
        return ""
    return known.get(plain) or ("" if kind in ("date", "hidden") else "A sentence.")


def encoded(pairs: Pairs) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()


def bad(form: Form, forms: list[Form], chance: random.Random) -> Body:
    """One body of the many that could be sent to this form."""
    how = chance.choice(sorted(WAYS))
    return WAYS[how](form, forms, chance)


def _typed(how: str, values: tuple[str, ...]) -> Callable[[Form, list[Form], random.Random], Body]:
    def make(form: Form, _forms: list[Form], chance: random.Random) -> Body:
        pairs = filled(form)
        for place in chance.sample(range(len(pairs)), k=min(len(pairs), chance.choice((1, 1, 2)))):
            if not form.fields[pairs[place][0]].is_choice:
                pairs[place] = (pairs[place][0], chance.choice(values))
        return Body(how, encoded(pairs))

    return make


def _surrogates(form: Form, _forms: list[Form], chance: random.Random) -> Body:
    data = encoded(filled(form))
    return Body("surrogates", data.replace(b"=", b"=" + chance.choice((SURROGATE, b"\xed\xa0\x80", b"%FF%FE%C0%80"))))


def _nul_names(form: Form, _forms: list[Form], _chance: random.Random) -> Body:
    return Body("names", encoded(filled(form)) + b"&a%00b=1&%ED%A0%80=2&=3&&%zz=%zz&" + b"n" * 5000 + b"=4", same=True)


def _twice(form: Form, _forms: list[Form], chance: random.Random) -> Body:
    pairs = filled(form)
    pairs += [
        (name, chance.choice((value, *TYPES))) for name, value in pairs for _ in range(chance.choice((1, 1, 200)))
    ]
    return Body("twice", encoded(pairs))


def _unknown(form: Form, _forms: list[Form], chance: random.Random) -> Body:
    """Names of columns and of other things that some service might take from a form."""
    columns = sorted({column.name for table in db.metadata.sorted_tables for column in table.columns})
    own = set(form.fields) | {"csrf_token", "go_on", "later", "answer"}
    names = [name for name in chance.sample(columns, k=30) if name not in own]
    extra = [(name, chance.choice((MARK, "1", "approved", "true"))) for name in (*names, "is_admin", MARK)]
    return Body("unknown", encoded([*filled(form), *extra]), same=True)


def _foreign(form: Form, forms: list[Form], chance: random.Random) -> Body:
    """A choice that this form does not offer, though another one may."""
    choices = [found for found in form.fields.values() if found.is_choice]
    if not choices:
        return _unknown(form, forms, chance)
    found = chance.choice(choices)
    elsewhere = {value for other in forms if found.name in other.fields for value in other.fields[found.name].offered}
    values = [MARK, "0", "-1", "99999999999", "1", *sorted(elsewhere)]
    value = chance.choice([value for value in values if value not in found.offered])
    pairs = [pair for pair in filled(form) if pair[0] != found.name]
    return Body("foreign", encoded([*pairs, (found.name, value)]))


def _missing(form: Form, _forms: list[Form], chance: random.Random) -> Body:
    return Body("missing", encoded([pair for pair in filled(form) if chance.random() < 0.6]))


def _other_type(form: Form, _forms: list[Form], chance: random.Random) -> Body:
    data, multipart = encoded(filled(form)), "multipart/form-data; boundary=here"
    fields = b"".join(
        b'--here\r\nContent-Disposition: form-data; name="%s"; filename="a.txt"\r\n\r\nfile\r\n' % name.encode()
        for name in form.fields
    )
    return chance.choice(
        [
            Body("json", b'{"body": {"a": [1]}, "reason": 5}', "application/json"),
            Body("plain", data, "text/plain"),
            Body("utf-16", "body=a".encode("utf-16"), URLENCODED + "; charset=utf-16"),
            Body("broken multipart", b"--nowhere\r\nnothing", multipart),
            Body("cut multipart", fields[: chance.randrange(len(fields) + 1)], multipart),
            Body("files", fields + b"--here--\r\n", multipart),
            Body("no boundary", data, "multipart/form-data"),
            Body("empty", b""),
            Body("noise", chance.randbytes(2000)),
        ]
    )


WAYS: dict[str, Callable[[Form, list[Form], random.Random], Body]] = {
    "types": _typed("types", TYPES),
    "characters": _typed("characters", CHARACTERS),
    "long": _typed("long", LONG),
    "surrogates": _surrogates,
    "names": _nul_names,
    "twice": _twice,
    "unknown": _unknown,
    "foreign": _foreign,
    "missing": _missing,
    "content": _other_type,
}

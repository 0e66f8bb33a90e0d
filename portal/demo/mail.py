"""Mail addresses of some demo people, as if they had confirmed them: what goes there, `./dev run` keeps as files."""

from __future__ import annotations

from datetime import datetime

from portal.demo.people import find
from portal.extensions import db
from portal.notifications import addresses
from portal.notifications.mail_models import MailAddress

REACHABLE = ("Demo Director", "Demo MediaWiki Specialist", "Demo Software Engineer", "Demo Volunteer")


def load(*, now: datetime) -> None:
    """Give `REACHABLE` an address each; who has one, or had, keeps what is there."""
    for name in REACHABLE:
        person = find(name)
        if addresses.of(person.id) is None:
            address = f"{name.lower().replace(' ', '.')}@mail.example"  # a name that nobody can own (RFC 2606)
            db.session.add(MailAddress(person_id=person.id, address=address, asked_at=now, asked_times=0, tries=0))

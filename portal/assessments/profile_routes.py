"""The page of the profiles: what is advised for which role and access."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response

from portal.assessments import queries
from portal.assessments.models import Section, StandardItem
from portal.org import organisation
from portal.org.catalogue import Profile, Role
from portal.web.access import Rule, access
from portal.web.fragments import render

bp = Blueprint("profiles", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A profile with the names of what it is for, and its items of the current standard by section."""

    profile: Profile
    names: tuple[str, ...]
    sections: tuple[tuple[Section, tuple[tuple[StandardItem, int], ...]], ...]


@bp.get("/profiles")
@access(Rule.PUBLIC)
def index() -> Response:
    """Every profile, and which roles and access have none."""
    standard, org = queries.current_standard(), organisation()
    items = queries.items_of(standard.id) if standard else ()
    return render(
        "assessments/profiles.html",
        standard=standard,
        profiles=[_shown(profile, items) for profile in org.profiles.values() if items],
        without=[role for role in org.roles.values() if _could_have_one(role) and not org.profile_of("role", role.key)],
    )


def _shown(profile: Profile, items: Iterable[StandardItem]) -> Shown:
    advised = [(item, profile.advised[item.key]) for item in items if item.key in profile.advised]
    sections = ((section, tuple(pair for pair in advised if pair[0].section is section)) for section in Section)
    return Shown(
        profile,
        organisation().names_of(profile),
        tuple((section, own) for section, own in sections if own),
    )


def _could_have_one(role: Role) -> bool:
    return not role.leads and not role.retired

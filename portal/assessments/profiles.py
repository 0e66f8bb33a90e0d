"""Scores against a profile: which items matter for a role or an access, and the score advised for each. Pure.

Source: portal/org/<organisation>/profiles.yaml. A profile advises; no rule reads it. An item that is marked N/A has not
reached its advised score: what does not matter for today's role may matter for what is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portal.assessments.models import Score
from portal.assessments.summary import POINTS, Against
from portal.org.catalogue import Organisation, Profile


class Reached(StrEnum):
    """How one item stands against the score advised."""

    MET = "met"
    BELOW = "below"
    NOT_APPLICABLE = "na"
    UNSCORED = "unscored"


@dataclass(frozen=True, slots=True)
class Advice:
    """What the profiles of the things asked for advise together: the highest score for each item, by key."""

    advised: Mapping[str, int] = field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()
    without: tuple[tuple[str, str], ...] = ()  # (type of item, key) that have no profile

    def __bool__(self) -> bool:
        return bool(self.advised)


def advice(organisation: Organisation, wanted: Iterable[tuple[str, str]]) -> Advice:
    """The advice for some roles, access groups and systems, each as (type of item, key)."""
    advised: dict[str, int] = {}
    profiles: dict[str, Profile] = {}
    without = []
    for item_type, key in wanted:
        found = organisation.profile_of(item_type, key)
        if found is None:
            without.append((item_type, key))
            continue
        profiles[found.key] = found
        for item, score in found.advised.items():
            advised[item] = max(score, advised.get(item, 0))
    return Advice(advised, tuple(profiles.values()), tuple(without))


def advised_for_focus(organisation: Organisation, role_focus: str) -> Mapping[str, int]:
    """What is advised for the role that a form names as its focus, by item key; nothing where it has no profile."""
    role = next((role for role in organisation.roles.values() if role.name == role_focus), None)
    profile = organisation.profile_of("role", role.key) if role else None
    return profile.advised if profile else {}


def reached(score: Score | None, advised: int) -> Reached:
    """How this score stands against the advised one."""
    if score is None:
        return Reached.UNSCORED
    if score is Score.NOT_APPLICABLE:
        return Reached.NOT_APPLICABLE
    return Reached.MET if POINTS[score] >= advised else Reached.BELOW


def against(advised: Mapping[str, int], scores: Mapping[str, Score | None]) -> Against:
    """One document against the advice. ``scores`` has every item of its standard, by key."""
    counted = [reached(scores[key], least) for key, least in advised.items() if key in scores]
    return Against(counted.count(Reached.MET), len(counted), len(advised) - len(counted))

"""The default organisation says what its sources say, and can be read by somebody who is no administrator."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.org.catalogue import WHOLE, AccessItem, Leads, Unit
from portal.org.loader import load

MIRAHEZE = load(Path(__file__).resolve().parents[2] / "portal" / "org" / "miraheze")
ITEMS = list(MIRAHEZE.access_items())


def test_the_roles_are_those_of_the_source() -> None:
    """Source: Tech:Organization/2024."""
    assert {tier.name: [role.name for role in roles] for tier, roles in MIRAHEZE.roles_by_tier()} == {
        "Leadership": ["Director of Technology", "Deputy Director of Technology"],
        "Entry-level and general": ["Community Liaison", "Software Engineer"],
        "Advanced and high-trust": [
            "Project Manager",
            "MediaWiki Specialist",
            "Infrastructure Specialist",
            "Security Specialist",
        ],
    }
    assert [role.key for role in MIRAHEZE.roles.values() if role.leads] == ["director", "deputy_director"]
    assert MIRAHEZE.leading_role(Leads.DEPUTY) is MIRAHEZE.roles["deputy_director"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_every_access_is_explained_in_a_sentence(item: AccessItem) -> None:
    assert item.summary[0].isupper()
    assert item.summary.endswith(".")
    assert item.summary.rstrip(".") != item.name
    assert len(item.summary) <= 140
    assert item.trust


def test_only_the_shell_groups_and_the_account_behind_them_are_shell_access() -> None:
    assert {item.key for item in ITEMS if item.shell} == {*MIRAHEZE.access_groups, "puppet_shell"}


def test_what_comes_with_something_else_cannot_be_asked_for() -> None:
    hidden = {item.key for item in ITEMS} - {item.key for item in MIRAHEZE.requestable_items()}

    assert hidden == {"puppet-users", "ldapwiki", "private_git", "puppet_shell"}


def test_every_shell_group_but_the_two_gates_builds_on_a_gate() -> None:
    """Source: the servers' user file; bastion is needed by everybody with shell access who is not in ops."""
    for key, group in MIRAHEZE.access_groups.items():
        gates = (frozenset({"bastion", "ops"}),)
        assert group.requires == (() if key in ("bastion", "ops") else gates), key


def test_a_promotion_never_leaves_the_gate_but_for_ops() -> None:
    """A promotion on record once dropped bastion too; only ops works without it."""
    for key, group in MIRAHEZE.access_groups.items():
        assert ("bastion" in group.replaces) == (key == "ops")


def test_confidential_systems_need_an_agreement() -> None:
    needed = {item.key for item in ITEMS if item.needs_nda}

    assert needed == {"ops", "mediawiki-roots", "database-admins", "proxmox", "idrac"}


def test_the_rules_have_their_default_values() -> None:
    values = {rule.key: dict(rule.values) for rule in MIRAHEZE.rules.values() if rule.unit is not Unit.SWITCH}

    each = {"access_expansion", "role_change", "new_member"}
    assert values == {
        "discussion_days": {"access_expansion": 3, "role_change": 3, "new_member": 7},
        "high_trust_days": dict.fromkeys(each, 7),
        "positions": dict.fromkeys(each, 1),
        "positions_advised": dict.fromkeys(each, 3),
        "assessment": dict.fromkeys(each, 180),
        "question_reminder_days": {WHOLE: 7},
        "question_close_days": {WHOLE: 30},
        "question_reopen_days": {WHOLE: 90},
        "mentor_member_days": {WHOLE: 90},
        "mentor_silent_days": {WHOLE: 30},
        "unreachable_hours": {WHOLE: 72},
    }
    assert {rule.key: str(rule.weight) for rule in MIRAHEZE.rules_of("new_member")} == {
        "candidate_agreed": "absolute",
        "candidate_not_locked": "absolute",
        "candidate_fits": "absolute",
        "items_available": "absolute",
        "discussion_days": "required",
        "high_trust_days": "required",
        "positions": "required",
        "positions_advised": "advised",
        "no_open_concern": "required",
        "no_open_question": "required",
        "sponsor": "required",
        "key_and_identity": "required",
        "prerequisites": "required",
        "liaison_without_development": "required",
        "assessment": "advised",
    }


def test_the_new_standard_has_the_two_items_the_form_lacks() -> None:
    form, standard = MIRAHEZE.standards

    assert {item.title for item in standard.items} - {item.title for item in form.items} == {
        "Web Security",
        "Infrastructure and Suppliers",
    }

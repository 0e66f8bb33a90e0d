"""The organisation's data is read strictly: every fault is named with file, line and key, all at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.org.catalogue import Leads, Weight
from portal.org.loader import OrganisationError, load

ROOT = Path(__file__).resolve().parents[2] / "portal" / "org"
MIRAHEZE, EXAMPLE = ROOT / "miraheze", ROOT / "example"
Change = Callable[[str, str, str], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tiny organisation, to break."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "organisation"))


@pytest.fixture
def faults_after(folder: Path) -> Change:
    """Replace a text in one file and give the faults that are then found."""

    def change(file: str, old: str, new: str) -> list[str]:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(OrganisationError) as caught:
            load(folder)
        return caught.value.faults

    return change


@pytest.mark.parametrize("path", [MIRAHEZE, EXAMPLE], ids=["miraheze", "example"])
def test_the_organisations_we_ship_have_no_fault(path: Path) -> None:
    organisation = load(path)

    assert organisation.leading_role(Leads.DIRECTOR) is not None


def test_an_organisation_cannot_be_changed_once_it_is_read() -> None:
    organisation = load(EXAMPLE)

    with pytest.raises(FrozenInstanceError):
        organisation.name = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        organisation.roles["new"] = organisation.roles["keeper"]  # type: ignore[index]
    with pytest.raises(TypeError):
        organisation.rules["discussion_days"].values["new_member"] = 0  # type: ignore[index]


def test_values_are_read_as_what_they_are() -> None:
    organisation = load(MIRAHEZE)

    rule = organisation.rules["discussion_days"]
    assert (rule.weight, dict(rule.values)) == (
        Weight.REQUIRED,
        {"access_expansion": 3, "role_change": 3, "new_member": 7},
    )
    assert organisation.access_groups["mediawiki-admins"].requires == (frozenset({"bastion", "ops"}),)
    assert organisation.access_groups["ops"].type == "access_group"
    assert organisation.roles["software_engineer"].leads is None
    assert [(standard.version, len(standard.items)) for standard in organisation.standards] == [(1, 26), (2, 28)]


FAULTS = [
    ("unknown key", "roles.yaml", "  leads:", "  lead:", "roles.yaml, line 6, key lead: there is no such key here"),
    ("missing key", "tiers.yaml", "\n  name: Crew", "", "tiers.yaml, line 1, key name: this key is missing"),
    ("unknown tier", "roles.yaml", "tier: crew", "tier: crow", "roles.yaml, line 3, key tier: 'crow' is not in tiers"),
    ("unknown source", "systems.yaml", "custom", "costum", "systems.yaml, line 4, key source: 'costum' is not in"),
    ("unknown kind", "rules.yaml", "role_change:", "role:", "rules.yaml, line 6, key values: 'role' is not in kinds"),
    ("text for a number", "rules.yaml", ": 2}", ": two}", "rules.yaml, line 6, key values.new_member: 'two' is not a"),
    ("number for text", "roles.yaml", "name: Keeper", "name: 7", "roles.yaml, line 8, key name: '7' is not text"),
    ("date for text", "kinds.yaml", "name: Another post", "name: 2026-01-01", "kinds.yaml, line 6, key name: '2026"),
    ("text for a truth", "access_groups.yaml", "shell: true", "shell: yes", "line 6, key shell: 'yes' is not true or"),
    ("list for text", "tiers.yaml", "name: Crew", "name: [Crew]", "tiers.yaml, line 2, key name: write one value here"),
    ("text for a list", "access_groups.yaml", "shell: true", "requires: x", "line 6, key requires: write a list here"),
    ("text for a mapping", "rules.yaml", "{access_expansion: 1, role_change: 1, new_member: 2}", "3", "key values: wr"),
    ("text for an entry", "tiers.yaml", "- key: crew\n  name: Crew", "- crew", "tiers.yaml, line 1, key -: write keys"),
    ("mapping for a list", "tiers.yaml", "- key: crew\n  name: Crew", "key: crew", "line 1, key -: write a list of"),
    (
        "bad choice",
        "rules.yaml",
        "weight: required",
        "weight: heavy",
        "line 2, key weight: 'heavy' is not one of absol",
    ),
    (
        "key twice",
        "roles.yaml",
        "  source: charter\n",
        "  source: charter\n  source: custom\n",
        "line 6, key source: this",
    ),
    (
        "entry twice",
        "roles.yaml",
        "key: keeper",
        "key: head_keeper",
        "line 7, key key: 'head_keeper' stands here twice",
    ),
    ("alias", "tiers.yaml", "name: Crew", "name: &a Crew", "tiers.yaml, line 2, key name: anchors and aliases"),
    ("merge", "tiers.yaml", "  name: Crew", "  <<: {name: Crew}", "tiers.yaml, line 2, key -: a key must be a plain"),
    (
        "list as a key",
        "tiers.yaml",
        "  name: Crew",
        "  ? [name]\n  : Crew",
        "line 2, key -: a key must be a plain word",
    ),
    ("tag", "tiers.yaml", "name: Crew", "name: !!python/object:os.system Crew", "line 2, key name: 'Crew' is not text"),
    ("empty text", "tiers.yaml", "name: Crew", "name: ''", "tiers.yaml, line 2, key name: this is empty"),
    ("no value", "tiers.yaml", "name: Crew", "name:", "tiers.yaml, line 2, key name: this is empty"),
    ("bad entry key", "tiers.yaml", "key: crew", "key: The Crew", "tiers.yaml, line 1, key key: 'The Crew' is not a k"),
    ("bad address", "sources.yaml", "https:", "javascript:", "sources.yaml, line 3, key url: 'javascript://wiki.exam"),
    ("long text", "tiers.yaml", "Crew", "C" * 101, "tiers.yaml, line 2, key name: this is longer than 100 characters"),
    ("broken YAML", "tiers.yaml", "name: Crew", "name: [Crew", "this is not YAML: "),
    ("two documents", "tiers.yaml", "- key: crew", "---\n---\n- key: crew", "this is not YAML: "),
    ("nothing but a comment", "tiers.yaml", "- key: crew\n  name: Crew", "# none", "line 1, key -: this file is empty"),
    ("set by us", "systems.yaml", "  source:", "  type: system\n  source:", "line 4, key type: there is no such key"),
    ("collection in the head", "organisation.yaml", "key:", "roles: []\nkey:", "line 1, key roles: there is no such"),
    ("fact without source", "organisation.yaml", "\n  source: charter", "", "line 10, key source: this key is missing"),
    ("switch with a number", "rules.yaml", "  unit: days\n", "", "rules.yaml, line 5, key values: discussion_days: "),
    (
        "count with a truth",
        "rules.yaml",
        ": 2}",
        ": true}",
        "line 6, key values: discussion_days: new_member needs a who",
    ),
    ("less than the least", "rules.yaml", "  unit: days", "  unit: days\n  least: 2", "access_expansion needs a whole"),
    ("no kind", "rules.yaml", "{access_expansion: 1, role_change: 1, new_member: 2}", "{}", "name at least one kind"),
    ("kinds and all", "rules.yaml", "new_member: 2", "portal: 2", "for kinds of request or for 'portal', not for both"),
    ("kind named portal", "kinds.yaml", "key: role_change", "key: portal", "line 5, key key: 'portal' cannot name a"),
    ("itself", "access_groups.yaml", "shell: true", "requires: [[lamp]]", "line 6, key requires: lamp requires itself"),
    ("two directors", "roles.yaml", "on.\n", "on.\n  leads: director\n", "'head_keeper' is director already"),
    ("no director", "roles.yaml", "  leads: director\n", "", "roles.yaml, line 1, key leads: no role has"),
    ("retired director", "roles.yaml", "leads: director", "leads: director\n  retired: true", "it cannot be retired"),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_names_file_line_and_key(faults_after: Change, file: str, old: str, new: str, says: str) -> None:
    faults = faults_after(file, old, new)

    assert any(fault.startswith(f"{file}, line ") and says in fault for fault in faults), faults
    assert all(", line " in fault and ", key " in fault for fault in faults)


def test_all_faults_are_named_at_once(folder: Path) -> None:
    (folder / "tiers.yaml").write_text("- key: crew\n  nam: Crew\n- key: 7\n", encoding="utf-8")
    (folder / "systems.yaml").unlink()
    (folder / "kinds.yaml").write_bytes(b"\xff\xfe\x00 not text")

    with pytest.raises(OrganisationError) as caught:
        load(folder)

    assert caught.value.faults == [
        "kinds.yaml, line 1, key -: this file is not UTF-8 text",
        "systems.yaml, line 1, key -: this file is missing from the folder",
        "tiers.yaml, line 1, key name: this key is missing",
        "tiers.yaml, line 2, key nam: there is no such key here",
        "tiers.yaml, line 3, key key: '7' is not text: put it in quotes",
        "tiers.yaml, line 3, key name: this key is missing",
    ]


def test_a_fault_in_one_entry_does_not_make_references_to_it_faults(faults_after: Change) -> None:
    assert faults_after("sources.yaml", "title: Charter of", "titel: Charter of") == [
        "sources.yaml, line 1, key title: this key is missing",
        "sources.yaml, line 2, key titel: there is no such key here",
    ]


def test_standards_are_read_as_strictly(folder: Path) -> None:
    item = "{key: a, position: 1, section: knowledge, title: A, description: A, stack_area: A, role_focus: A}"
    text = (
        f"- version: 1\n  title: One\n  source: charter\n  items:\n  - {item}\n  - {item.replace('knowledge', 'art')}\n"
    )
    (folder / "standards.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(
        OrganisationError, match=r"line 6, key section: 'art' is not one of knowledge, skill, behaviour"
    ):
        load(folder)
    (folder / "standards.yaml").write_text(text.replace("art", "knowledge"), encoding="utf-8")
    with pytest.raises(OrganisationError, match="line 4, key items: two items of version 1 have the same key"):
        load(folder)


PROFILE = """- key: deck
  source: charter
  for_access_groups: [%s]
  advised: {%s}
"""


@pytest.mark.parametrize(
    ("groups", "advised", "says"),
    [
        ("nowhere", "a: 2", "line 3, key for_access_groups: 'nowhere' is not in access_groups.yaml"),
        ("GROUP", "b: 2", "line 4, key advised: deck: no standard has the item 'b'"),
        ("GROUP", "a: 4", "line 4, key advised: deck: a needs a score from 1 to 3"),
        ("GROUP", "a: two", "line 4, key advised.a: 'two' is not a whole number"),
        ("GROUP", "", "line 4, key advised: deck: advise a score for at least one item"),
        ("", "a: 2", "line 1, key key: deck is for no role, group or system: name one"),
    ],
)
def test_a_profile_that_leads_nowhere_is_refused_by_line(folder: Path, groups: str, advised: str, says: str) -> None:
    item = "{key: a, position: 1, section: skill, title: A, description: A, stack_area: A, role_focus: A}"
    standards = f"- version: 1\n  title: One\n  source: charter\n  items: [{item}]\n"
    (folder / "standards.yaml").write_text(standards, encoding="utf-8")
    group = next(iter(load(folder).access_groups))
    (folder / "profiles.yaml").write_text(PROFILE % (groups.replace("GROUP", group), advised), encoding="utf-8")

    with pytest.raises(OrganisationError) as refused:
        load(folder)

    assert f"profiles.yaml, {says}" in refused.value.faults


def test_one_group_has_one_profile(folder: Path) -> None:
    item = "{key: a, position: 1, section: skill, title: A, description: A, stack_area: A, role_focus: A}"
    standards = f"- version: 1\n  title: One\n  source: charter\n  items: [{item}]\n"
    (folder / "standards.yaml").write_text(standards, encoding="utf-8")
    group = next(iter(load(folder).access_groups))
    entry = PROFILE % (group, "a: 2")
    (folder / "profiles.yaml").write_text(entry + entry.replace("deck", "hull"), encoding="utf-8")

    with pytest.raises(OrganisationError, match="has the profile 'deck' already"):
        load(folder)


@pytest.mark.parametrize(
    "text",
    [
        "&a [*a]",
        "- &a {key: *a}",
        "[" * 5000,
        "%YAML 9.9\n---\n- key: crew",
        "%TAG ! !\n---\n- !x {key: crew}",
        "- key: !!int crew\n  name: !!float x",
        "- {key: crew, name: Crew, [1]: 2, {a: b}: 3}",
        "- key: 'a\\0b'\n  name: \"\\x00\"",
        "!!set {a, b}",
        "!!omap [a: b]",
        "- *nowhere",
        "\ufeff- key: crew\n  name: Crew\n  \x07: x",
    ],
    ids=range(12),
)
def test_odd_yaml_is_a_fault_like_any_other(folder: Path, text: str) -> None:
    (folder / "tiers.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(OrganisationError) as caught:
        load(folder)

    assert any(fault.startswith("tiers.yaml, line ") for fault in caught.value.faults)


FILES = sorted(path.name for path in EXAMPLE.glob("*.yaml"))
BITS = st.sampled_from(
    [
        "&a ",
        "*a",
        "!!x ",
        "? ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "|",
        ">",
        "'",
        '"',
        "\t",
        "\n",
        "%",
        "#",
        "\0",
        "<<: ",
        "~",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_text_makes_the_loader_raise_anything_else(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "organisation"
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    path = folder / data.draw(st.sampled_from(FILES))
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(BITS | st.text(max_size=5)) + text[end:]
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with suppress(OrganisationError):
        load(folder)

"""Reads an organisation from a folder of YAML files. Strict: every fault names file, line and key, all at once.

The shape of each file is the dataclass of `portal.org.catalogue` it fills. Beyond that a reference has to lead
somewhere, and `portal.org.checks` says what else has to fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml.nodes import Node, SequenceNode

from portal.org import checks
from portal.org.catalogue import (
    WHOLE,
    AccessItem,
    Kind,
    Organisation,
    Principle,
    Profile,
    Role,
    RuleDefault,
    Source,
    StandardVersion,
    Tier,
)
from portal.org.reader import BAD, Reader
from portal.org.yaml_file import TAG, Fault, line_of, parse

HEAD = "organisation"
COLLECTIONS: dict[str, type[Any]] = {
    "sources": Source,
    "tiers": Tier,
    "roles": Role,
    "access_groups": AccessItem,
    "systems": AccessItem,
    "kinds": Kind,
    "rules": RuleDefault,
    "principles": Principle,
}
STANDARDS, PROFILES = "standards", "profiles"  # the files an organisation may do without
FIXED = {"access_groups": {"type": "access_group"}, "systems": {"type": "system"}}


class OrganisationError(Exception):
    """The folder cannot be used. ``faults`` has one line each: file, line, key, what to do."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = [str(fault) for fault in faults]
        super().__init__("The organisation's data cannot be used:\n- " + "\n- ".join(self.faults))


class _Folder:
    """The files of one organisation while they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.readers: dict[str, Reader] = {}
        self.entries: dict[str, dict[str, Any]] = {}
        self.declared: dict[str, set[str]] = {}  # keys that stand in a file, also those of faulty entries

    def node(self, name: str) -> Node | None:
        """The top node of a file that can be read, else None and its faults noted."""
        node, faults = parse(self.path / f"{name}.yaml")
        self.faults += faults
        return None if faults else node

    def reader(self, name: str) -> Reader:
        return self.readers.setdefault(name, Reader(f"{name}.yaml"))

    def read_head(self) -> Any:
        """The fields of organisation.yaml."""
        node = self.node(HEAD)
        if node is None:
            return BAD
        later = frozenset({*COLLECTIONS, STANDARDS, PROFILES})
        return self.reader(HEAD).record(node, Organisation, fixed={}, filled_later=later)

    def read_list(self, name: str, cls: type[Any], identity: str = "key") -> None:
        """A file that is a list of entries, each with its own ``identity``."""
        node = self.node(name)
        if node is None:
            return
        reader, found = self.reader(name), dict[str, Any]()
        self.entries[name], self.declared[name] = found, set()
        if not isinstance(node, SequenceNode) or str(node.tag) != f"{TAG}seq":
            reader.fault(line_of(node), "-", f"write a list of entries, each beginning with '- {identity}:'")
            return
        for child in node.value:
            entry = reader.record(child, cls, fixed=FIXED.get(name, {}), filled_later=frozenset())
            key = _identity(child, identity)
            if key in self.declared[name]:
                reader.fault(line_of(child), identity, f"{key!r} stands here twice")
            self.declared[name].add(key)
            if entry is not BAD:
                found[key] = entry


def _identity(node: Node, identity: str) -> str:
    pairs = node.value if isinstance(node.value, list) and str(node.tag) == f"{TAG}map" else []
    return next((str(value.value) for name, value in pairs if name.value == identity), "")


def load(folder: Path) -> Organisation:
    """The organisation of a folder. Raises OrganisationError with every fault found."""
    files = _Folder(folder)
    head = files.read_head()
    for name, cls in COLLECTIONS.items():
        files.read_list(name, cls)
    if (folder / f"{STANDARDS}.yaml").exists():
        files.read_list(STANDARDS, StandardVersion, "version")
    if (folder / f"{PROFILES}.yaml").exists():
        files.read_list(PROFILES, Profile)
    for reader in files.readers.values():
        files.faults += reader.faults
    _check(files)
    if files.faults:
        raise OrganisationError(sorted(files.faults))
    collections: dict[str, Any] = {name: MappingProxyType(files.entries[name]) for name in COLLECTIONS}
    standards = sorted(files.entries.get(STANDARDS, {}).values(), key=lambda standard: int(standard.version))
    profiles = MappingProxyType(files.entries.get(PROFILES, {}))
    return Organisation(**head, **collections, standards=tuple(standards), profiles=profiles)


def _check(files: _Folder) -> None:
    """Note what does not fit together. A missing leader is no news while roles.yaml has faults of its own."""
    files.faults += _reference_faults(files)
    faulty = {fault.file.removesuffix(".yaml") for fault in files.faults}
    for misfit in checks.misfits(files.entries):
        if misfit.entry or misfit.file not in faulty:
            line = files.readers[misfit.file].lines.get((misfit.entry, misfit.field), 1)
            files.faults.append(Fault(f"{misfit.file}.yaml", line, misfit.field, misfit.says))


def _reference_faults(files: _Folder) -> Iterator[Fault]:
    for reader in files.readers.values():
        for reference in reader.references:
            known = files.declared.get(reference.collection)
            if known is None or reference.value in known:  # a file that cannot be read has a fault of its own
                continue
            if reference.collection == "kinds" and reference.value == WHOLE:
                continue
            says = f"{reference.value!r} is not in {reference.collection}.yaml"
            yield Fault(reference.file, reference.line, reference.key, says)

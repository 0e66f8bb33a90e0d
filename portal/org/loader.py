"""Reads an organisation from a folder of YAML files. Strict: every fault names file, line and key.

The shape of each file is the dataclass in `portal.org.catalogue` it fills: an unknown key, a missing key, a wrong type
or a reference to nothing is a fault, and all faults are reported at once.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from portal.org.catalogue import AccessItem, Kind, Organisation, Role, RuleDefault, Source, Tier

T = TypeVar("T")
FILES = {
    "organisation.yaml": None,
    "sources.yaml": Source,
    "tiers.yaml": Tier,
    "roles.yaml": Role,
    "access_groups.yaml": AccessItem,
    "systems.yaml": AccessItem,
    "kinds.yaml": Kind,
    "rules.yaml": RuleDefault,
}
FIXED = {"access_groups.yaml": {"type": "access_group"}, "systems.yaml": {"type": "system"}}
COLLECTIONS = {"sources", "tiers", "roles", "access_groups", "systems", "kinds", "rules"}


class OrganisationError(Exception):
    """The folder cannot be used. ``faults`` has one line each: file, line, key, what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Reader:
    """Collects faults while values are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []

    def fault(self, file: str, line: int, key: str, says: str) -> None:
        self.faults.append(f"{file}, line {line}, key {key!r}: {says}")

    def parse(self, file: str, *, needed: bool = True) -> Any:
        path = self.folder / file
        if not path.is_file():
            if needed:
                self.fault(file, 1, "-", "this file is missing from the folder")
            return None
        try:
            return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            self.fault(file, 1, "-", "this file is not UTF-8 text")
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            says = getattr(error, "problem", None) or "this is not YAML"
            self.fault(file, mark.line + 1 if mark else 1, "-", str(says))
        return None

    def entries(self, file: str, cls: type[T]) -> dict[str, T]:
        """A file that is a list of entries with unique ``key``s."""
        found: dict[str, T] = {}
        rows = self.parse(file)
        if rows is None:
            return found
        if not isinstance(rows, CommentedSeq):
            self.fault(file, 1, "-", "write a list of entries, each beginning with '- key:'")
            return found
        for index, row in enumerate(rows):
            line = rows.lc.item(index)[0] + 1
            entry = self.entry(file, cls, row, line, FIXED.get(file, {}))
            if entry is None:
                continue
            key: str = entry.key  # type: ignore[attr-defined]  # every catalogue dataclass has a key
            if key in found:
                self.fault(file, line, "key", f"{key!r} stands here twice")
            found[key] = entry
        return found

    def entry(self, file: str, cls: type[T], row: Any, line: int, fixed: Mapping[str, Any]) -> T | None:
        """One mapping as one dataclass."""
        if not isinstance(row, CommentedMap):
            self.fault(file, line, "-", "write keys and values here")
            return None
        before = len(self.faults)
        hints = get_type_hints(cls)
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        values: dict[str, Any] = dict(fixed)
        for key in row:
            at = row.lc.key(key)[0] + 1
            if key not in fields or key in fixed or (cls is Organisation and key in COLLECTIONS):
                self.fault(file, at, str(key), "there is no such key here")
            else:
                values[key] = self.value(file, at, key, row[key], hints[key])
        for name, field in fields.items():
            optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            if name not in values and not optional and not (cls is Organisation and name in COLLECTIONS):
                self.fault(file, line, name, "this key is missing")
        if len(self.faults) > before:
            return None
        if cls is Organisation:
            return values  # type: ignore[return-value]  # completed by `load`
        return cls(**values)

    def value(self, file: str, line: int, key: str, raw: Any, wanted: Any) -> Any:
        """The raw YAML value as the wanted type."""
        origin, args = get_origin(wanted), get_args(wanted)
        if origin in (types.UnionType, typing.Union):
            return self._union(file, line, key, raw, args)
        if origin in (tuple, frozenset):
            if not isinstance(raw, CommentedSeq):
                return self.fault(file, line, key, "write a list here")
            return origin(self.value(file, raw.lc.item(i)[0] + 1, key, part, args[0]) for i, part in enumerate(raw))
        if origin is not None and issubclass(origin, Mapping):
            if not isinstance(raw, CommentedMap):
                return self.fault(file, line, key, "write keys and values here")
            return {k: self.value(file, raw.lc.key(k)[0] + 1, f"{key}.{k}", v, args[1]) for k, v in raw.items()}
        if wanted is object:
            return raw
        if isinstance(wanted, type) and issubclass(wanted, StrEnum):
            options = [member.value for member in wanted]
            if raw not in options:
                return self.fault(file, line, key, f"{raw!r} is not one of {', '.join(options)}")
            return wanted(raw)
        if (
            type(raw) is not wanted
            and not (wanted is str and isinstance(raw, str))
            and not (wanted is int and isinstance(raw, int) and not isinstance(raw, bool))
        ):
            names = {str: "text", int: "a whole number", bool: "true or false"}
            return self.fault(file, line, key, f"{raw!r} is not {names.get(wanted, wanted)}")
        return wanted(raw)

    def _union(self, file: str, line: int, key: str, raw: Any, args: tuple[Any, ...]) -> Any:
        if raw is None and type(None) in args:
            return None
        if bool in args and isinstance(raw, bool):
            return raw
        first = next(arg for arg in args if arg not in (type(None), bool))
        return self.value(file, line, key, raw, first)


def load(folder: Path) -> Organisation:
    """The organisation of a folder. Raises OrganisationError with every fault found."""
    reader = _Reader(folder)
    collections: dict[str, Any] = {
        file.removesuffix(".yaml"): reader.entries(file, cls) for file, cls in FILES.items() if cls
    }
    head = reader.parse("organisation.yaml")
    values = reader.entry("organisation.yaml", Organisation, head, 1, {}) if head is not None else None
    standards = reader.parse("standards.yaml", needed=False) or []
    _check_references(reader, collections)
    if reader.faults or values is None:
        raise OrganisationError(reader.faults)
    return Organisation(**{**typing.cast("dict[str, Any]", values), **collections, "standards": tuple(standards)})


def _check_references(reader: _Reader, found: dict[str, Any]) -> None:
    def check(file: str, entry: Any, key: str, name: str, collection: str) -> None:
        if name not in found[collection]:
            reader.fault(
                file, _line_of(reader.folder / file, entry.key), key, f"{name!r} is not in {collection}.yaml"
            )

    for role in found["roles"].values():
        check("roles.yaml", role, "tier", role.tier, "tiers")
    for collection in ("roles", "access_groups", "systems", "rules"):
        for entry in found[collection].values():
            check(f"{collection}.yaml", entry, "source", entry.source, "sources")
    for collection in ("access_groups", "systems"):
        for item in found[collection].values():
            for name in sorted(set().union(*item.requires)):
                check(f"{collection}.yaml", item, "requires", name, "access_groups")
    for rule in found["rules"].values():
        for kind in rule.values:
            check("rules.yaml", rule, "values", kind, "kinds")


def _line_of(path: Path, key: str) -> int:
    """The line on which an entry begins."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() in (f"- key: {key}", f"key: {key}"):
            return number
    return 1

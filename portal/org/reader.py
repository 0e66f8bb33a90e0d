"""Turns YAML nodes into the frozen values of `portal.org.catalogue`. The dataclass is the schema of its file.

Faults are collected, never raised, so that one run names them all.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, get_args, get_origin, get_type_hints

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from portal.org.yaml_file import TAG, Fault, line_of

BAD: Final = object()  # what reading a faulty node gives
EMPTY: Final = "this is empty: write something, or leave the key out"
KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")  # fits its columns and the timeline's codes
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
LONGEST = {
    "name": 100,
    "title": 255,
    "trust": 32,
    "stack_area": 64,
    "role_focus": 64,
    "usual_days": 64,
}  # as in columns
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")

# A value under one of these keys must be the key of an entry of that file.
REFERENCES = {
    "source": "sources",
    "more_sources": "sources",
    "tier": "tiers",
    "requires": "access_groups",
    "usually_after": "access_groups",
    "replaces": "access_groups",
    "values": "kinds",
    "for_roles": "roles",
    "for_access_groups": "access_groups",
    "for_systems": "systems",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A key that has to exist in another file."""

    file: str
    line: int
    key: str
    value: str
    collection: str


class Reader:
    """Reads the nodes of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.references: list[Reference] = []
        self.lines: dict[tuple[str, str], int] = {}  # (key of the entry, field) -> line

    def fault(self, line: int, key: str, says: str) -> Any:
        self.faults.append(Fault(self.file, line, key, says))
        return BAD

    def record(self, node: Node, cls: type[Any], *, fixed: Mapping[str, Any], filled_later: frozenset[str]) -> Any:
        """A mapping as one dataclass, or as a dict where some fields are ``filled_later``; BAD if it is faulty."""
        if not isinstance(node, MappingNode) or str(node.tag) != f"{TAG}map":
            return self.fault(line_of(node), "-", "write keys and values here")
        hints = get_type_hints(cls)
        fields = {field.name: field for field in dataclasses.fields(cls)}
        open_fields = fields.keys() - fixed.keys() - filled_later
        values: dict[str, Any] = dict(fixed)
        for name, value in node.value:
            key = str(name.value)
            if key not in open_fields:
                self.fault(line_of(name), key, "there is no such key here")
            elif value.value == "" and value.tag == f"{TAG}null":  # such a node stands on the line after its key
                values[key] = self.fault(line_of(name), key, EMPTY)
            else:
                values[key] = self.value(value, hints[key], key)
        self._note_lines(node, str(values.get("key", values.get("version", ""))))
        for key in sorted(open_fields - values.keys()):
            if fields[key].default is dataclasses.MISSING:
                values[key] = self.fault(line_of(node), key, "this key is missing")
        if any(value is BAD for value in values.values()):
            return BAD
        return values if filled_later else cls(**values)

    def _note_lines(self, node: MappingNode, entry: str) -> None:
        for name, _value in node.value:
            self.lines.setdefault((entry, str(name.value)), line_of(name))

    def value(self, node: Node, wanted: Any, key: str) -> Any:
        """A node as a value of the wanted type; BAD if it is none."""
        origin, args = get_origin(wanted), get_args(wanted)
        if origin in (types.UnionType, typing.Union):
            return self._union(node, args, key)
        if origin in (tuple, frozenset):
            return self._sequence(node, origin, args[0], key)
        if origin is not None:
            return self._mapping(node, args[1], key)
        if dataclasses.is_dataclass(wanted):
            return self.record(node, typing.cast("type[Any]", wanted), fixed={}, filled_later=frozenset())
        return self._scalar(node, wanted, key)

    def _union(self, node: Node, args: tuple[Any, ...], key: str) -> Any:
        """Something or nothing, or a number or a truth value: the node's own type decides."""
        plain = f"{TAG}null" if type(None) in args else f"{TAG}bool"
        other = type(None) if type(None) in args else bool
        if str(node.tag) == plain:
            return None if other is not bool else self._scalar(node, bool, key)
        return self.value(node, next(arg for arg in args if arg is not other), key)

    def _sequence(self, node: Node, origin: Callable[[list[Any]], Any], part: Any, key: str) -> Any:
        if not isinstance(node, SequenceNode) or str(node.tag) != f"{TAG}seq":
            return self.fault(line_of(node), key, "write a list here")
        parts = [self.value(child, part, key) for child in node.value]
        return BAD if any(value is BAD for value in parts) else origin(parts)

    def _mapping(self, node: Node, part: Any, key: str) -> Any:
        if not isinstance(node, MappingNode) or str(node.tag) != f"{TAG}map":
            return self.fault(line_of(node), key, "write keys and values here")
        found = {}
        for name, child in node.value:
            self._refer(line_of(name), key, str(name.value))
            found[str(name.value)] = self.value(child, part, f"{key}.{name.value}")
        return BAD if any(value is BAD for value in found.values()) else types.MappingProxyType(found)

    def _scalar(self, node: Node, wanted: Any, key: str) -> Any:
        if not isinstance(node, ScalarNode):
            return self.fault(line_of(node), key, "write one value here, no list and no keys")
        line, raw, tag = line_of(node), str(node.value), str(node.tag).removeprefix(TAG)
        if wanted is bool:
            truth = True if raw in TRUE else False if raw in FALSE else BAD
            return (
                truth if truth is not BAD and tag == "bool" else self.fault(line, key, f"{raw!r} is not true or false")
            )
        if wanted is int:
            fits = tag == "int" and WHOLE_NUMBER.fullmatch(raw)
            return int(raw) if fits else self.fault(line, key, f"{raw!r} is not a whole number")
        if tag != "str":
            return self.fault(line, key, f"{raw!r} is not text: put it in quotes")
        if issubclass(wanted, StrEnum):
            options = [member.value for member in wanted]
            return wanted(raw) if raw in options else self.fault(line, key, f"{raw!r} is not one of {_list(options)}")
        return self._text(line, raw.strip(), key)

    def _text(self, line: int, text: str, key: str) -> Any:
        if not text:
            return self.fault(line, key, EMPTY)
        if key == "key" and not KEY.fullmatch(text):
            return self.fault(line, key, f"{text!r} is not a key: small letters, digits, '-', '_' and '.', 64 at most")
        if key.endswith("url") and not text.startswith(("https://", "http://")):
            return self.fault(line, key, f"{text!r} is not an address that begins with https://")
        if len(text) > LONGEST.get(key, 2000):
            return self.fault(line, key, f"this is longer than {LONGEST.get(key, 2000)} characters")
        self._refer(line, key, text)
        return text

    def _refer(self, line: int, key: str, value: str) -> None:
        if key in REFERENCES:
            self.references.append(Reference(self.file, line, key, value, REFERENCES[key]))


def _list(options: list[str]) -> str:
    return ", ".join(option or repr(option) for option in options)

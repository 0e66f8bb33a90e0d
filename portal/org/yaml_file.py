"""Reads one YAML file into nodes that know their lines, and refuses whatever a data file has no need of.

Nodes instead of values: so no tag makes an object, no alias makes a loop, and a key that stands twice is seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

TAG = "tag:yaml.org,2002:"
LARGEST = 1_000_000  # characters; an organisation's file is a few thousand


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong, and where: file, line, key, what to do."""

    file: str
    line: int
    key: str
    says: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, key {self.key}: {self.says}"


def parse(path: Path) -> tuple[Node | None, list[Fault]]:
    """The nodes of a file, or None with the faults that keep it from being read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [Fault(path.name, 1, "-", "this file is missing from the folder")]
    except UnicodeDecodeError:
        return None, [Fault(path.name, 1, "-", "this file is not UTF-8 text")]
    except OSError as error:
        return None, [Fault(path.name, 1, "-", f"this file cannot be read ({error.strerror})")]
    return parse_text(text, path.name)


def parse_text(text: str, file: str) -> tuple[Node | None, list[Fault]]:
    """`parse` for the text of a file."""
    if len(text) > LARGEST:
        return None, [Fault(file, 1, "-", f"this file is longer than {LARGEST} characters")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ruamel warns of anchors; they are faults below
            node = YAML(typ="safe", pure=True).compose(text)
        if node is None:
            return None, [Fault(file, 1, "-", "this file is empty")]
        return node, sorted(_structure_faults(node, file))
    except YAMLError as error:
        return None, [_broken(error, file)]
    except RecursionError:
        return None, [Fault(file, 1, "-", "this file is nested too deep")]
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The parser itself stumbles over some broken texts (a bad %YAML line, say): still a fault of the file.
        return None, [Fault(file, 1, "-", f"this is not YAML ({type(error).__name__})")]


def line_of(node: Node) -> int:
    """The line on which the node begins, counted from 1."""
    return int(node.start_mark.line) + 1


def _broken(error: YAMLError, file: str) -> Fault:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    problem = error.problem if isinstance(error, MarkedYAMLError) else None
    return Fault(
        file, mark.line + 1 if mark else 1, "-", f"this is not YAML: {problem or 'a character is not allowed'}"
    )


def _structure_faults(node: Node, file: str, key: str = "-") -> Iterator[Fault]:
    """Anchors and aliases, keys that are no plain words, keys that stand twice."""
    if node.anchor:
        yield Fault(file, line_of(node), key, "anchors and aliases are not used here: write it out")
        return  # an alias may lead back to where we are
    if isinstance(node, MappingNode):
        yield from _key_faults(node, file)
        for name, value in node.value:
            yield from _structure_faults(value, file, str(name.value) if isinstance(name, ScalarNode) else key)
    elif not isinstance(node, ScalarNode):
        for part in node.value:
            yield from _structure_faults(part, file, key)


def _key_faults(node: MappingNode, file: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for name, _value in node.value:
        if not isinstance(name, ScalarNode) or str(name.tag) != f"{TAG}str" or name.anchor:
            yield Fault(file, line_of(name), "-", "a key must be a plain word")
        elif name.value in seen:
            yield Fault(file, line_of(name), name.value, "this key stands here twice")
        else:
            seen.add(name.value)

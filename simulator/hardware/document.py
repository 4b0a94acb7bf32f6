"""YAML text -> plain data, and where each value stands.

Stricter than YAML: no duplicate keys, keys are always text, only ``true`` and ``false`` are booleans and only decimal digits are
integers (``yes``, ``0777`` and ``12:30`` stay text, for the rules on the value to refuse). Merge keys and tags are refused unless
the reader asks for them, as files of other tools need.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from simulator.errors import InputError

Key = tuple[str | int, ...]
"""Where a value stands in the data: keys and list indices from the top."""

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
MAX_DEPTH = 40
_PARSER_DEPTH = "exceeded maximum nesting depth"
"""What newer parsers say of nesting past a limit of their own, far beyond ours but sometimes met first: they look ahead."""
_TAG = "tag:yaml.org,2002:"
_PLAIN: dict[str, tuple[str, Callable[[str], Any]]] = {
    "int": (r"[+-]?(0|[1-9][0-9_]{0,39})\Z", lambda text: int(text.replace("_", ""))),
    "float": (r"[+-]?[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?\Z", float),
    "bool": (r"(?i:true|false)\Z", lambda text: text.lower() == "true"),
    "null": (r"(~|null|Null|NULL)?\Z", lambda text: None),
}
_TEXT_TAGS = {"str", "timestamp", "value", *_PLAIN}


@dataclass
class Document:
    """A read file.

    Attributes
    ----------
    name : str
        What messages call it.
    data : object
        Plain data.
    marks : dict of Key to (int, int)
        Line and column of each value, counted from 1; for a key of a mapping those of the key.
    faults : list of str
        What is wrong with the text itself, each with its place.
    tags : dict of Key to str
        Tags of values, without the exclamation mark, where they were asked for.
    """

    name: str
    data: Any = None
    marks: dict[Key, tuple[int, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    tags: dict[Key, str] = field(default_factory=dict)

    def place(self, key: Key) -> str:
        """``file:line:column`` of `key`, or of the nearest value around it."""
        while key and key not in self.marks:
            key = key[:-1]
        line, column = self.marks.get(key, (1, 1))
        return f"{self.name}:{line}:{column}"


def read(path: Path, foreign: bool = False) -> Document:
    """Read a file; what is wrong inside it ends up in :attr:`Document.faults`.

    Raises
    ------
    InputError
        It cannot be read, is not text, is far too large, or is not YAML.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES} bytes, which no machine description is")
    try:
        return parse(raw.decode("utf-8-sig"), str(path), foreign)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8 text") from None


def parse(text: str, name: str, foreign: bool = False) -> Document:
    """Read YAML text; see :func:`read`. A `foreign` text may have tags and merge keys."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(text, name, loader)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = " ".join(str(error.problem or error).split())
        if _PARSER_DEPTH in problem:
            raise InputError(f"{place}: nested more than {MAX_DEPTH} deep") from None
        raise InputError(f"{place}: not YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    document = Document(name)
    if root is not None:
        document.data = _Builder(document, foreign).value(root, ())
    return document


def _check_depth(text: str, name: str, loader: Any) -> None:
    """Refuse deep nesting before anything recurses into it."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            mark = cast(yaml.Mark, event.start_mark)
            raise InputError(f"{name}:{mark.line + 1}:{mark.column + 1}: nested more than {MAX_DEPTH} deep")


class _Builder:
    def __init__(self, document: Document, foreign: bool) -> None:
        self.document = document
        self.foreign = foreign
        self.nodes = 0

    def value(self, node: yaml.Node, key: Key) -> Any:
        self.document.marks.setdefault(key, _position(node))
        self.nodes += 1
        if len(key) > MAX_DEPTH or self.nodes > MAX_NODES:
            raise InputError(f"{self.document.place(key)}: an alias contains itself, or far too many values")
        if self.foreign and node.tag.startswith("!"):
            self.document.tags[key] = node.tag[1:]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*key, i)) for i, child in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: yaml.MappingNode, key: Key, merges: int = 0) -> dict[str, Any]:
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[yaml.MappingNode] = []
        for name_node, value_node in node.value:
            line, column = _position(name_node)
            place = f"{self.document.name}:{line}:{column}"
            merge = name_node.tag == _TAG + "merge"
            bases = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            if merge and self.foreign and all(isinstance(base, yaml.MappingNode) for base in bases):
                merged += bases
                continue
            if not isinstance(name_node, yaml.ScalarNode) or merge:
                self.document.faults.append(
                    f"{place}: {dotted(key)}: keys must be plain text; merge keys are not supported"
                )
                continue
            name = name_node.value
            if name in data:
                first = f"first given in line {lines[name]}"
                self.document.faults.append(f"{place}: {dotted((*key, name))}: duplicate key, {first}")
                continue
            lines[name] = line
            self.document.marks[(*key, name)] = (line, column)
            data[name] = self.value(value_node, (*key, name))
        if merges > MAX_DEPTH:
            raise InputError(f"{self.document.place(key)}: a merge key contains itself")
        for base in merged:
            for name, value in self._mapping(base, key, merges + 1).items():
                data.setdefault(name, value)
        return data

    def _scalar(self, node: yaml.Node, key: Key) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if self.foreign and node.tag.startswith("!"):
            return None if node.value == "" else node.value
        if kind not in _TEXT_TAGS:
            self.document.faults.append(
                f"{self.document.place(key)}: {dotted(key)}: tag {node.tag!r} is not supported"
            )
            return None
        expression, make = _PLAIN.get(kind, ("", str))
        if isinstance(node, yaml.ScalarNode) and not node.style and re.match(expression, node.value):
            return make(node.value)
        return node.value


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def dotted(key: Key) -> str:
    """``components.glb.row``; the top is called ``machine``."""
    return ".".join(str(part) for part in key) or "machine"

"""A value of a YAML file that knows where it stands: every fault it has becomes one error with file and line.

Keys are compared with hyphens as underscores, since v0.3 files write ``data-spaces`` and later ones ``data_spaces``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simulator.errors import InputError, suggest
from simulator.hardware.document import Document, Key, dotted

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,2})?|/0*[1-9][0-9]{0,29})\Z")
LARGEST = 2**48
"""No size, bound or width is larger than this."""


@dataclass(frozen=True)
class Node:
    """A value, its file and its place in the file.

    Attributes
    ----------
    document : Document
    key : Key
    value : Any
        Plain data.
    """

    document: Document
    key: Key
    value: Any

    @property
    def name(self) -> str:
        """Last part of the key."""
        return str(self.key[-1]) if self.key else ""

    @property
    def tag(self) -> str:
        """Tag without the exclamation mark, empty for none."""
        return self.document.tags.get(self.key, "")

    def fail(self, message: str) -> InputError:
        """The error that says `message` of this value."""
        return InputError(f"{self.document.place(self.key)}: {dotted(self.key)}: {message}")

    def fields(self, exact: bool = False) -> Fields:
        """The entries of a mapping.

        Parameters
        ----------
        exact : bool
            Keys are names a user chose: hyphens stay.
        """
        if not isinstance(self.value, dict):
            raise self.fail(f"{shown(self.value)} is not a mapping of names to values")
        return Fields(self, exact)

    def items(self) -> list[Node]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            raise self.fail(f"{shown(self.value)} is not a list")
        return [Node(self.document, (*self.key, i), value) for i, value in enumerate(self.value)]

    def text(self) -> str:
        """A name: text, or a number written where a name is due."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            raise self.fail(f"{shown(self.value)} is not a name")
        return str(self.value)

    def texts(self) -> tuple[str, ...]:
        """A list of names; a single name is a list of one."""
        if isinstance(self.value, list):
            return tuple(item.text() for item in self.items())
        return (self.text(),)

    def number(self) -> Fraction:
        """A number, exactly as written."""
        if not isinstance(self.value, bool) and isinstance(self.value, int | float | str):
            text = repr(self.value) if isinstance(self.value, float) else str(self.value)
            if _NUMBER.match(text.strip()):
                number = Fraction(text.strip().replace(" ", ""))
                if abs(number) <= LARGEST:
                    return number
                raise self.fail(f"{text} is larger than 2**48, which nothing here is")
        raise self.fail(f"{shown(self.value)} is not a number")

    def whole(self, least: int = 0) -> int:
        """A whole number not below `least`."""
        number = self.number()
        if number.denominator != 1 or number < least:
            raise self.fail(f"{shown(self.value)} is not a whole number >= {least}")
        return int(number)

    def flag(self) -> bool:
        """True or false."""
        if isinstance(self.value, bool):
            return self.value
        if isinstance(self.value, str) and self.value.lower() in ("true", "false", "yes", "no", "on", "off"):
            return self.value.lower() in ("true", "yes", "on")
        if self.value in (0, 1):
            return bool(self.value)
        raise self.fail(f"{shown(self.value)} is not true or false")

    def one_of(self, choices: Iterable[str]) -> str:
        """One of some names.

        Raises
        ------
        InputError
            Another name; the nearest is suggested.
        """
        name, known = self.text(), tuple(choices)
        if name not in known:
            raise self.fail(f"unknown {name!r}; {suggest(name, known)}")
        return name


class Fields:
    """The entries of a mapping, and which of them somebody asked for."""

    def __init__(self, node: Node, exact: bool) -> None:
        self.node = node
        self.found: dict[str, Node] = {}
        for key, value in node.value.items():
            name = key if exact else key.replace("-", "_")
            entry = Node(node.document, (*node.key, key), value)
            if name in self.found:
                raise entry.fail(f"given twice, as {self.found[name].name!r} and {key!r}")
            self.found[name] = entry
        self.asked: set[str] = set()

    def take(self, *names: str) -> Node | None:
        """The first of some spellings of an entry that is there and not null."""
        self.asked.update(names)
        entries = (self.found.get(name) for name in names)
        return next((entry for entry in entries if entry is not None and entry.value is not None), None)

    def require(self, *names: str) -> Node:
        """An entry that must be there."""
        entry = self.take(*names)
        if entry is None:
            raise self.node.fail(f"{names[0]!r} is missing; found: {', '.join(self.found) or 'nothing'}")
        return entry

    def rest(self) -> list[Node]:
        """Entries nobody asked for."""
        return [entry for name, entry in self.found.items() if name not in self.asked]

    def leave(self, notes: list[str]) -> None:
        """Note the entries nobody asked for; one that is nearly a known name is a misspelling.

        Raises
        ------
        InputError
            An entry looks like a misspelt one.
        """
        for entry in self.rest():
            name = entry.name.replace("-", "_")
            hint = suggest(name, self.asked)
            if hint.startswith("did you mean"):
                raise entry.fail(f"unknown key {entry.name!r}; {hint}")
            notes.append(f"{entry.document.place(entry.key)}: {dotted(entry.key)}: not modelled")


def shown(value: Any) -> str:
    """A value in a message, cut short."""
    text = plain(value)
    return f"'{text[:57]}...'" if len(text) > 60 else f"'{text}'"


def plain(value: Any) -> str:
    """A value as one line of text: what was written, lists and mappings as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value)

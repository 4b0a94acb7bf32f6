"""The text of one function in LLVM's intermediate representation while it is written: instructions, labels, variables.

Every value is an int64 (truth is 0 or 1) or a tuple of values; every variable is a place on the stack, which LLVM turns into
registers. Pointers are parameters and never change.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

Value = str | list[Any]
"""Operand of an int64, or several of them."""

POINTERS = {"Ints": "i64", "Vector": "i32", "Flags": "i8"}
"""Annotations of pointers, and what they point to."""


class TranslationError(NotImplementedError):
    """A function called by its address uses what such functions cannot: the message names the line."""


@dataclass(frozen=True)
class Signature:
    """Types of a function.

    Attributes
    ----------
    parameters : tuple of (str, str)
        Name and annotation of each; a tuple counts as its parts.
    returned : int
        Values returned: 0, 1, or those of a tuple.
    """

    parameters: tuple[tuple[str, str], ...]
    returned: int

    @property
    def result(self) -> str:
        """Type of what is returned."""
        plain = {0: "void", 1: "i64"}
        return plain.get(self.returned, f"{{{', '.join(['i64'] * self.returned)}}}")

    def operands(self) -> list[tuple[str, str]]:
        """Type and name of every operand."""
        found = []
        for name, annotation in self.parameters:
            if annotation in POINTERS:
                found.append(("ptr", f"%p.{name}"))
            else:
                parts = parts_of(annotation)
                found += [("i64", f"%p.{name}.{i}" if parts > 1 else f"%p.{name}") for i in range(parts)]
        return found


def parts_of(annotation: str) -> int:
    """How many int64 an annotation stands for.

    Raises
    ------
    TranslationError
        Another type than those of the language.
    """
    if annotation in ("int", "bool"):
        return 1
    if annotation == "None":
        return 0
    if annotation.startswith("tuple[") and set(parts := annotation[6:-1].split(", ")) <= {"int", "bool"}:
        return len(parts)
    raise TranslationError(
        f"type {annotation}: is none of Ints, Vector, Flags, int, bool, None and tuples of these"
    )


def signature(annotations: dict[str, Any]) -> Signature:
    """Types of a function from its annotations, which must be text."""
    parameters = tuple((name, text) for name, text in annotations.items() if name != "return")
    return Signature(parameters, parts_of(annotations["return"]))


@dataclass
class Body:
    """Instructions so far.

    Attributes
    ----------
    name : str
        Of the function and its file, for messages.
    entry, lines : list of str
        Places of variables; instructions.
    variables : dict of str to place
        Names of places on the stack; a list of them for a tuple.
    pointers : dict of str to str
        Type of what each parameter that is a pointer points to.
    at : str
        Label of the block that is being written.
    ended : bool
        It has ended: what follows can be reached by a label only.
    loops : list of (str, str)
        Labels that continue and leave the loops around.
    """

    name: str
    entry: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    variables: dict[str, Value] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    at: str = "entry"
    ended: bool = False
    loops: list[tuple[str, str]] = field(default_factory=list)
    numbers: int = 0

    def refused(self, node: ast.AST, why: str) -> TranslationError:
        """The error of what is not in the language."""
        text = ast.unparse(node).partition("\n")[0]
        return TranslationError(f"{self.name}, line {getattr(node, 'lineno', '?')}: {text}: {why}")

    def fresh(self) -> str:
        """A new name."""
        self.numbers += 1
        return f"%t{self.numbers}"

    def emit(self, line: str) -> None:
        """Write an instruction without a result."""
        if self.ended:
            self.label(self.new_label("dead"))
        self.lines.append(f"  {line}")

    def let(self, line: str) -> str:
        """Write an instruction; its result."""
        result = self.fresh()
        self.emit(f"{result} = {line}")
        return result

    def new_label(self, of: str) -> str:
        """A label for later."""
        self.numbers += 1
        return f"{of}{self.numbers}"

    def label(self, name: str) -> None:
        """Begin a block; the one before runs on into it, unless it has ended."""
        if not self.ended:
            self.lines.append(f"  br label %{name}")
        self.lines.append(f"{name}:")
        self.at, self.ended = name, False

    def jump(self, label: str) -> None:
        """End the block with a jump."""
        self.emit(f"br label %{label}")
        self.ended = True

    def branch(self, condition: str, true: str, false: str) -> None:
        """End the block with a jump to one of two labels."""
        self.emit(f"br i1 {condition}, label %{true}, label %{false}")
        self.ended = True

    def place(self, name: str, value: Value) -> Value:
        """Places of a variable that holds what looks like `value`."""
        if name not in self.variables:
            self.variables[name] = self._places(f"%v.{name}", value)
        return self.variables[name]

    def _places(self, name: str, value: Value) -> Value:
        if isinstance(value, list):
            return [self._places(f"{name}.{i}", part) for i, part in enumerate(value)]
        self.entry += [f"  {name} = alloca i64", f"  store i64 0, ptr {name}"]
        return name

    def store(self, place: Value, value: Value) -> None:
        """Set a variable."""
        if isinstance(place, list) and isinstance(value, list) and len(place) == len(value):
            for one, part in zip(place, value, strict=True):
                self.store(one, part)
        elif isinstance(place, list) or isinstance(value, list):
            raise TranslationError(
                f"{self.name}: a variable is once a tuple and once not, or of another length"
            )
        else:
            self.emit(f"store i64 {value}, ptr {place}")

    def load(self, place: Value) -> Value:
        """Value of a variable."""
        if isinstance(place, list):
            return [self.load(part) for part in place]
        return self.let(f"load i64, ptr {place}")

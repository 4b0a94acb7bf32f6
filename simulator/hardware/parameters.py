"""The parameters of a machine, one by one: to list, to override, to write back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from simulator.hardware.machine import Machine
from simulator.hardware.mapping import AUTO, RANKS, Mapping, Tile
from simulator.hardware.quantity import Quantity
from simulator.hardware.specification import Specification

_NOTES = ("name", "description", "reference", "fidelity")


@dataclass(frozen=True)
class Parameter:
    """One value of a description.

    Attributes
    ----------
    key : tuple of str
        Where it stands, e.g. ``("components", "glb", "row")``.
    path : str
        Its short name, e.g. ``glb.row``.
    text : str
        As written.
    source, assumed : str or None
        Origin of a quantity; both None for a choice that is no quantity.
    dimension : str
        Of a quantity, e.g. ``byte/cycle``; empty for a choice.
    choices : tuple of str
        What a choice may be, when its type says so.
    whole : bool
        A part given by name, whose numbers are parameters of their own, or a part that is absent.
    absent : str
        What its absence is called; empty for what must be there.
    """

    key: tuple[str, ...]
    path: str
    text: str
    source: str | None = None
    assumed: str | None = None
    dimension: str = ""
    choices: tuple[str, ...] = ()
    whole: bool = False
    absent: str = ""


def parameters(machine: Machine) -> Iterator[Parameter]:
    """All parameters in the order of the description; notes are none."""
    for name in type(machine).model_fields:
        if name not in _NOTES:
            yield from _walk(getattr(machine, name), (name,), ())


def _walk(value: Any, key: tuple[str, ...], choices: tuple[str, ...]) -> Iterator[Parameter]:
    if isinstance(value, Quantity):
        yield Parameter(key, short(key), str(value.text), value.source, value.assumed, value.dimension)
    elif isinstance(value, Specification):
        for name, field in type(value).model_fields.items():
            part = getattr(value, name)
            names = value.optional.get(name, ())
            if names and not isinstance(part, Quantity):
                yield _part(part, (*key, name), names)
            if part is not None or isinstance(value, Tile):
                for parameter in _walk(part, (*key, name), _choices(field.annotation)):
                    yield (
                        replace(parameter, absent=names[0])
                        if names and isinstance(part, Quantity)
                        else parameter
                    )
    else:
        yield Parameter(key, short(key), _text(value), choices=choices)


def _part(part: Any, key: tuple[str, ...], names: tuple[str, ...]) -> Parameter:
    text, choices = names[0] if part is None else str(part.name), names if len(names) > 1 else ()
    return Parameter(key, short(key), text, choices=choices, whole=True, absent=names[0])


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    return tuple(map(_text, get_args(annotation))) if get_origin(annotation) is Literal else ()


def short(key: tuple[str, ...]) -> str:
    """Dotted path, without ``components``."""
    return ".".join(key[1:] if key[0] == "components" else key)


def _text(value: Any) -> str:
    if value is None:
        return AUTO
    if isinstance(value, bool):
        return str(value).lower()
    return (", ".join(value) or AUTO) if isinstance(value, tuple) else str(value)


def plain(value: Any) -> Any:
    """The description as the data a YAML file holds; absent components are left out."""
    if isinstance(value, Quantity):
        leaf = {"value": value.text, "source": value.source, "assumed": value.assumed}
        return {name: part for name, part in leaf.items() if part is not None}
    if isinstance(value, Tile):
        return {rank: plain(getattr(value, rank)) or AUTO for rank in RANKS}
    if isinstance(value, Mapping):
        return {"order": list(value.order) or AUTO, "tile": plain(value.tile)}
    if isinstance(value, Specification):
        parts = {name: getattr(value, name) for name in type(value).model_fields}
        return {name: plain(part) for name, part in parts.items() if part is not None}
    return list(value) if isinstance(value, tuple) else value

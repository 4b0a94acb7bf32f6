"""What a sweep is over: a YAML file, typed, with the place of every mistake.

::

    base:                           settings of every point
      machine: highlight            a name, or a file beside the specification
      trace: digits_cnn             a name or a file; or recipe: resnet50_shapes with options: {...}
      layers: "*/conv2"             a glob; default all
      prune: "2:4"                  a pattern the weights are pruned to; default as they are
      set: {glb.banks: 4}           parameters of the machine, as --set takes them
      rung: truth                   and engine, verify (auto, full, off), seed, as of `run`
    grid:                           lists: every combination is a point
      machine: [highlight, tc]
      set: {glb.read_bandwidth: ["42 B/cycle", "64 B/cycle"]}
    list:                           settings of points one by one; with a grid too, each with every combination
      - {prune: "2:4", machine: stc}
    pareto: {x: cycles, y: energy_pj}
    per: point                      or layer: a row of the table for each layer of a point
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.errors import InputError, suggest
from simulator.hardware.document import Document, Key
from simulator.hardware.document import read as read_document

Scalar = str | bool | int | float
MOST = 100_000
"""Points of a sweep."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Settings(_Strict):
    """What a point is told; None: as in the base, or the default."""

    machine: str | None = None
    trace: str | None = None
    recipe: str | None = None
    options: dict[str, Scalar] = {}
    layers: str | None = None
    prune: str | None = None
    set: dict[str, Scalar] = {}
    rung: str | None = None
    engine: str | None = None
    verify: Literal["auto", "full", "off"] | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**63)


Some = Field(default=None, min_length=1)


class Grid(_Strict):
    """Lists of settings, every combination of which is a point."""

    machine: list[str] | None = Some
    trace: list[str] | None = Some
    recipe: list[str] | None = Some
    options: dict[str, list[Scalar]] = {}
    layers: list[str] | None = Some
    prune: list[str | None] | None = Some
    set: dict[str, list[Scalar]] = {}
    rung: list[str] | None = Some
    engine: list[str] | None = Some
    verify: list[Literal["auto", "full", "off"]] | None = Some
    seed: list[int] | None = Some


class Pareto(_Strict):
    """Columns of the table that a front is drawn of."""

    x: str = "cycles"
    y: str = "energy_pj"


class Spec(_Strict):
    """A sweep."""

    base: Settings = Settings()
    grid: Grid = Grid()
    items: list[Settings] = Field(default=[], alias="list")
    pareto: Pareto = Pareto()
    per: Literal["point", "layer"] = "point"

    def settings(self) -> Iterator[tuple[Settings, Key]]:
        """Settings of every point in order, and the place of the item of the list it is of."""
        combinations = list(_combinations(self.grid))
        for i, item in enumerate(self.items or [Settings()]):
            place: Key = ("list", i) if self.items else ()
            for combination in combinations:
                yield _merged(_merged(self.base, item), combination), place


def _combinations(grid: Grid) -> Iterator[Settings]:
    axes: list[list[tuple[str, str, Any]]] = []
    for name in Grid.model_fields:
        value = getattr(grid, name)
        if name in ("set", "options"):
            axes += [[(name, path, each) for each in values] for path, values in value.items()]
        elif value is not None:
            axes.append([(name, "", each) for each in value])
    for chosen in itertools.product(*axes):
        told: dict[str, Any] = {"set": {}, "options": {}}
        for name, path, each in chosen:
            if path:
                told[name][path] = each
            else:
                told[name] = each
        yield Settings(**told)


def _merged(under: Settings, over: Settings) -> Settings:
    """`over` where it says anything; a trace replaces a recipe and the other way round."""
    told = {name: getattr(over, name) for name in over.model_fields_set if name not in ("set", "options")}
    if "trace" in told and told["trace"] is not None:
        told.setdefault("recipe", None)
    elif told.get("recipe") is not None:
        told["trace"] = None
    options = {**under.options, **over.options} if not told.get("trace") else {}
    return under.model_copy(update={**told, "set": {**under.set, **over.set}, "options": options})


def read(source: str | Path | Mapping[str, Any]) -> tuple[Spec, Document]:
    """A specification from a file, or from what it would hold.

    Raises
    ------
    InputError
        With a line per mistake: ``file:line:column: path: value: rule``.
    """
    if isinstance(source, Mapping):
        document = Document("sweep", dict(source))
    else:
        document = read_document(Path(source))
    faults = list(document.faults)
    spec = None
    try:
        spec = Spec.model_validate(document.data if document.data is not None else {})
    except ValidationError as error:
        faults += _faults(document, error)
    if spec is None or faults:
        raise InputError("\n".join(faults))
    _check(spec, document)
    return spec, document


def _faults(document: Document, error: ValidationError) -> list[str]:
    lines: dict[Key, str] = {}
    for each in error.errors(include_url=False):
        key = _key(document.data, each["loc"])
        if each["type"] == "extra_forbidden":
            rule = f"unknown key; {suggest(str(key[-1]), _keys(key))}"
        else:
            value = each["input"]
            shown = "" if isinstance(value, (dict, list)) else f"{value!r}: "
            rule = shown + each["msg"][:1].lower() + each["msg"][1:]
        lines.setdefault(key, fault(document, key, rule))
    return list(lines.values())


def _key(data: Any, loc: tuple[str | int, ...]) -> Key:
    """The part of a location that is in the data; the rest names the type that was tried."""
    key: list[str | int] = []
    for part in loc:
        known = isinstance(data, dict) and part in data
        if not known and not (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            break
        key.append(part)
        data = data[part]
    return tuple(key)


def _keys(key: Key) -> list[str]:
    within: dict[str, type[BaseModel]] = {"base": Settings, "list": Settings, "grid": Grid, "pareto": Pareto}
    fields = (Spec if len(key) == 1 else within.get(str(key[0]), Settings)).model_fields
    return [field.alias or name for name, field in fields.items()]


def fault(document: Document, key: Key, rule: str) -> str:
    """A mistake with its place; a sweep that is no file has no lines."""
    dotted = ".".join(map(str, key)) or "sweep"
    return (
        f"{document.place(key)}: {dotted}: {rule}" if document.marks else f"{document.name}: {dotted}: {rule}"
    )


def _check(spec: Spec, document: Document) -> None:
    """What pydantic cannot know: how many points, and that each has a machine and a trace or a recipe."""
    count = max(1, len(spec.items))
    for name in Grid.model_fields:
        value = getattr(spec.grid, name)
        for each in value.values() if isinstance(value, dict) else [value]:
            if each == []:
                raise InputError(fault(document, ("grid", name), "a list must not be empty"))
            count *= len(each) if each is not None else 1
    if count > MOST:
        raise InputError(fault(document, ("grid",), f"{count:,} points: at most {MOST:,}"))
    for settings, place in spec.settings():
        if settings.machine is None:
            raise InputError(fault(document, place, "no machine: name one in base, grid or list"))
        if (settings.trace is None) == (settings.recipe is None):
            both = "a trace and a recipe" if settings.trace else "neither a trace nor a recipe"
            raise InputError(fault(document, place, f"{both}: a point needs one of them"))

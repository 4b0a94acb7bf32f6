"""Points: settings with every name resolved, as what another process is handed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from simulator.errors import InputError, SimulatorError, suggest
from simulator.hardware.document import Document, Key
from simulator.sweeps.spec import Scalar, Settings, Spec, fault

VERIFY: dict[str, bool | str] = {"auto": "auto", "full": True, "off": False}


@dataclass(frozen=True)
class Point:
    """One simulation.

    Attributes
    ----------
    index : int
        Place in the sweep, from 0.
    machine : str
        As it was written.
    machine_file : str
        A name of hwconfigs/, or an absolute path.
    trace : str
        As it was written; of a recipe its name.
    options : dict
        Of the recipe.
    trace_file : str
        Absolute path; of a recipe where it is made.
    layers, prune, rung, engine, verify, seed, set
        See :mod:`simulator.sweeps.spec`; `prune` is empty for none.
    key : str
        SHA-256 over all that decides the outcome.
    """

    index: int
    machine: str
    machine_file: str
    trace: str
    recipe: bool
    options: dict[str, Scalar]
    trace_file: str
    layers: str
    prune: str
    rung: str
    engine: str
    verify: str
    seed: int
    set: dict[str, Scalar]
    per: str
    key: str = ""

    def axes(self) -> dict[str, Any]:
        """What the point is, by the names of columns."""
        told: dict[str, Any] = {"machine": self.machine, "trace": self.trace}
        told |= {f"recipe.{name}": value for name, value in self.options.items()}
        told |= {"layers": self.layers, "prune": self.prune, "rung": self.rung, "engine": self.engine}
        return told | {"verify": self.verify, "seed": self.seed} | self.set


def points_of(spec: Spec, document: Document, made: Path) -> list[Point]:
    """Every point of a specification; traces of recipes will be made in a folder.

    Raises
    ------
    InputError
        A machine, trace, recipe, rung, engine, pattern or parameter that does not exist, with its place.
    """
    folder = Path(document.name).resolve().parent if document.marks else Path.cwd()
    found = [
        _point(i, settings, place, spec.per, document, folder, made)
        for i, (settings, place) in enumerate(spec.settings())
    ]
    _check_parameters(found, document)
    return found


def _point(
    index: int, told: Settings, place: Key, per: str, document: Document, folder: Path, made: Path
) -> Point:
    from simulator.plan.rung import parse_rung
    from simulator.registry import resolve
    from simulator.sparsity.patterns import parse

    assert told.machine is not None
    where = _Where(document, place)
    machine = where.right("machine", told.machine, lambda: _machine_file(str(told.machine), folder))
    rung = where.right("rung", told.rung or "truth", lambda: str(parse_rung(told.rung or "truth")))
    where.right("engine", told.engine or "fast", lambda: resolve("engine", told.engine or "fast"))
    if told.prune:
        where.right("prune", told.prune, lambda: parse(str(told.prune)))
    recipe = told.recipe is not None
    name = str(told.recipe if recipe else told.trace)
    if recipe:
        where.right("recipe", name, lambda: _recipe(name, told.options))
        digest = hashlib.sha256(json.dumps([name, told.options], sort_keys=True).encode()).hexdigest()
        file = str(made.resolve() / f"{name}-{digest[:12]}.h5")
    else:
        file = where.right("trace", name, lambda: _trace_file(name, folder))
    return Point(
        index, told.machine, machine, name, recipe, dict(told.options) if recipe else {}, file, told.layers or "*",
        told.prune or "", rung, told.engine or "fast", told.verify or "auto", told.seed or 0, dict(told.set), per,
    )  # fmt: skip


@dataclass(frozen=True)
class _Where:
    """Puts the place of a setting before what is wrong with it."""

    document: Document
    item: Key

    def right(self, name: str, value: str, call: Any) -> Any:
        try:
            return call()
        except InputError as error:
            raise InputError(fault(self.document, self._place(name, value), str(error))) from None

    def _place(self, name: str, value: str) -> Key:
        data = self.document.data
        values = (data.get("grid") or {}).get(name)
        if isinstance(values, list) and value in values:
            return ("grid", name, values.index(value))
        item = data["list"][self.item[1]] if self.item else {}
        return (*self.item, name) if self.item and name in item else ("base", name)


@cache
def _machine_file(name: str, folder: Path) -> str:
    from simulator.hardware import load, names

    if name in names():
        return name
    path = folder / name
    load(path if path.exists() else name)
    return str(path.resolve())


@cache
def _trace_file(name: str, folder: Path) -> str:
    from simulator.workload.named import trace_path

    path = folder / name
    return str((path if path.is_file() else trace_path(name)).resolve())


def _recipe(name: str, options: dict[str, Scalar]) -> None:
    from simulator.workload.recipes import _module, _settings

    _settings(name, _module(name).OPTIONS, options)


def _check_parameters(points: Iterable[Point], document: Document) -> None:
    """A parameter that no machine of the sweep has is a mistake of the specification, not of a point."""
    from simulator.hardware import load, parameters

    names = sorted({point.machine_file for point in points})
    known = {p.path for name in names for p in parameters(load(name))}
    for path in dict.fromkeys(path for point in points for path in point.set):
        if path.removeprefix("components.") not in known:
            raise InputError(
                fault(document, _of_parameter(document, path), f"unknown parameter; {suggest(path, known)}")
            )


def _of_parameter(document: Document, path: str) -> Key:
    data = document.data
    for part in ("grid", "base"):
        if path in ((data.get(part) or {}).get("set") or {}):
            return (part, "set", path)
    return next(
        (
            ("list", i, "set", path)
            for i, item in enumerate(data.get("list") or [])
            if path in (item.get("set") or {})
        ),
        (),
    )


def keyed(points: list[Point]) -> list[Point]:
    """The points with their keys: the machine's description, the trace's content, settings, versions and sources."""
    from dataclasses import replace

    from simulator.api.keeping import sources
    from simulator.api.simulation import versions
    from simulator.hardware import dump, load

    texts = {name: dump(load(name)) for name in {point.machine_file for point in points}}
    digests = {path: _content(path) for path in {point.trace_file for point in points if not point.recipe}}
    common = {"versions": versions(), "sources": sources()}
    found = []
    for point in points:
        told = asdict(point) | {"machine_file": texts[point.machine_file], **common}
        told |= {"trace_file": "" if point.recipe else digests[point.trace_file]}
        told |= {"index": 0, "key": ""}
        key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        found.append(replace(point, key=key))
    return found


def _content(path: str) -> str:
    """Digest of a trace; what cannot be read fails in its points."""
    from simulator.workload.trace_file import load

    try:
        with load(path) as trace:
            return trace.digest
    except SimulatorError as error:
        return str(error)

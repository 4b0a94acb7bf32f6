"""Components, programs and interval logs of a layer as arrays of an HDF5 file, and back.

Interval logs are canonical (:mod:`simulator.record.intervals`), so all components of a layer share bins; rows that are all zero are
left out, and the narrowest type that holds a bin is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.hdf5 import Attribute, Data, Group, Node
from simulator.record.intervals import IntervalLog, bin_width
from simulator.record.labelled import COUNTS, rows
from simulator.record.outcome import ComponentOutcome, ProgramOutcome
from simulator.record.result import LayerResult
from simulator.record.states import STATES


def components(layer: LayerResult) -> dict[str, Data | Group]:
    """Datasets of all components of a layer."""
    parts = layer.components
    programs = [(part.name, program) for part in parts for program in part.programs]
    actions = [(i, name, n) for i, (_, p) in enumerate(programs) for name, n in p.actions.items()]
    sizes = np.array([(p.lanes, p.work, p.demand) for p in parts], dtype=np.int64).reshape(-1, 3)
    states = np.array([p.states for _, p in programs], dtype=np.int64).reshape(-1, len(STATES))
    grants = np.array([p.grants for _, p in programs], dtype=np.uint64).reshape(-1, 4)
    of: dict[str, Attribute] = {
        "component": [name for name, _ in programs],
        "name": [p.name for _, p in programs],
    }
    named = {
        "name": [p.name for p in parts],
        "group": [p.group for p in parts],
        "kind": [p.kind for p in parts],
    }
    by: dict[str, Attribute] = {
        "program": [i for i, _, _ in actions],
        "action": [name for _, name, _ in actions],
    }
    counts = np.array([n for _, _, n in actions], dtype=np.int64)
    fingerprint = "items, sum of start cycles, of squared start cycles, of departure cycles, modulo 2**64"
    return {
        "components": Data(
            sizes, "1", "lanes, work, demand of the slowest lane", ("component", "size"), named
        ),
        "intervals": _intervals(layer),
        "programs": Data(
            states, "cycle", "cycles in each state", ("program", "state"), {**of, "states": list(STATES)}
        ),
        "grants": Data(grants, "1", fingerprint, ("program", "sum"), of),
        "actions": Data(counts, "actions", "action counts", ("row",), by),
    }


def _intervals(layer: LayerResult) -> Data:
    width = bin_width(layer.cycles)
    bins = -(-layer.cycles // width)
    least = np.min_scalar_type(width)
    kept: list[NDArray[Any]] = [np.zeros((0, bins), dtype=least)]
    owners, states = list[str](), list[str]()
    for part in layer.components:
        log = part.intervals.narrow
        if part.intervals.width != width or log.shape != (len(STATES), bins):
            raise ValueError(
                f"{layer.name}/{part.name}: not the canonical interval log of {layer.cycles} cycles"
            )
        found = [state for state, spent in part.intervals.totals().items() if spent]
        kept.append(log[[STATES.index(state) for state in found]].astype(least, copy=False))
        states += found
        owners += [part.name] * len(found)
    table = np.concatenate(kept)
    names: dict[str, Attribute] = {"component": owners, "state": states, "bin_width": width}
    return Data(table, "cycle", "cycles in a state per bin of bin_width cycles", ("row", "bin"), names)


def read_components(node: Node) -> tuple[ComponentOutcome, ...]:
    """What :func:`components` described; InputError when it does not fit together."""
    labels = {"name": str, "group": str, "kind": str}
    sizes, (names, groups, kinds) = rows(node, "components", COUNTS, 3, labels)
    logs, programs = _read_intervals(node, names), _read_programs(node, names)
    return tuple(
        ComponentOutcome(name, group, kind, int(row[0]), logs[name], int(row[1]), int(row[2]), programs[name])
        for name, group, kind, row in zip(names, groups, kinds, sizes, strict=True)
    )


def _read_intervals(node: Node, names: Sequence[str]) -> dict[str, IntervalLog]:
    cycles = node.attr("cycles", int)
    width = bin_width(cycles)
    bins = -(-cycles // width)
    values, (components, states) = rows(node, "intervals", COUNTS, bins, {"component": str, "state": str})
    logs = {name: np.zeros((len(STATES), bins), dtype=values.dtype) for name in names}
    where = node.dataset("intervals").where
    for component, state, row in zip(components, states, values, strict=True):
        if component not in logs or state not in STATES:
            raise InputError(f"{where}: row of {component!r}, {state!r}: no such component or state")
        logs[component][STATES.index(state)] = row
    return {name: IntervalLog(width, counts) for name, counts in logs.items()}


def _read_programs(node: Node, names: Sequence[str]) -> dict[str, tuple[ProgramOutcome, ...]]:
    labels = {"component": str, "name": str}
    states, (components, programs) = rows(node, "programs", ("int64",), len(STATES), labels)
    grants, _ = rows(node, "grants", ("uint64",), 4, labels)
    counts, (owners, actions) = rows(node, "actions", COUNTS, None, {"program": int, "action": str})
    if len(grants) != len(states) or any(not 0 <= i < len(programs) for i in owners):
        raise InputError(f"{node.where}: grants, programs and actions do not belong together")
    told: list[dict[str, int]] = [{} for _ in programs]
    for owner, action, count in zip(owners, actions, counts.tolist(), strict=True):
        told[owner][action] = count
    found: dict[str, list[ProgramOutcome]] = {name: [] for name in names}
    for i, (component, name) in enumerate(zip(components, programs, strict=True)):
        if component not in found:
            raise InputError(f"{node.where}: program {name!r} of component {component!r}: no such component")
        n, starts, squares, departures = (int(value) for value in grants[i])
        found[component].append(ProgramOutcome(name, states[i], told[i], (n, starts, squares, departures)))
    return {name: tuple(parts) for name, parts in found.items()}

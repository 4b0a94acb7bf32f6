"""Runs of every design on every workload, and the ratios drawn from them.

EDP = (sum of energy over layers) x (sum of cycles over layers)            pJ x cycles, all clocks being equal
geomean(x / HighLight) = (product over points of EDP of x / EDP of HighLight) ^ (1 / points)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import simulator
from simulator.energy import edp_pj_cycles
from simulator.hardware import load
from simulator.sparsity.patterns import parse
from validation.studies.highlight_edp.designs import DESIGNS, HIGHLIGHT, Design
from validation.studies.highlight_edp.workloads import Workload

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Point:
    """A workload with so many percent of its weights and inputs zero."""

    workload: str
    weights: int
    inputs: int


@dataclass(frozen=True)
class Total:
    """What a design took for a point.

    Attributes
    ----------
    cycles : int
    busy : int or None
        Cycles in which its multipliers worked, where one component holds them all.
    energy_pj : float
    dram_pj : float
        The part of it that main memory takes.
    """

    cycles: int
    busy: int | None
    energy_pj: float
    dram_pj: float = 0.0

    @property
    def edp(self) -> float:
        """Energy-delay product in pJ x cycles."""
        return edp_pj_cycles(self.energy_pj, self.cycles)

    @property
    def on_chip(self) -> Total:
        """The same without main memory's energy."""
        return replace(self, energy_pj=self.energy_pj - self.dram_pj, dram_pj=0.0)


Table = dict[Point, dict[str, Total]]


def measure(workloads: Iterable[Workload], progress: Progress = lambda _: None) -> Table:
    """Simulate everything; a run that two points share is done once."""
    table: Table = {}
    for workload in workloads:
        known: dict[tuple[str, str, str], Total] = {}
        for weights, inputs in workload.degrees:
            row = table[Point(workload.name, weights, inputs)] = {}
            for design in DESIGNS:
                patterns = design.weights[weights], design.inputs[inputs]
                if (design.name, *patterns) not in known:
                    progress(f"{workload.name}, {design.label}, weights {patterns[0]}, inputs {patterns[1]}")
                    known[design.name, *patterns] = total(design, workload, *patterns)
                row[design.name] = known[design.name, *patterns]
    return table


def total(design: Design, workload: Workload, weights: str, inputs: str) -> Total:
    """Cycles and energy of all layers, each as often as it occurs."""
    machine, parts = load(design.name), []
    for times, draw in workload.layers:
        (found,) = simulator.simulate(machine, draw(parse(weights), parse(inputs)), verify=False).layers
        dram = sum(found.energy_pj["dram"].values())
        busy = found.busy.get("array", 0)
        parts.append((times * found.cycles, times * busy, times * found.energy, times * dram))
    cycles, busy, energy, dram = (sum(part) for part in zip(*parts, strict=True))
    return Total(cycles, busy or None, energy, dram)


def relative(row: dict[str, Total], name: str, to: str) -> float:
    """EDP of a design over that of another."""
    return row[name].edp / row[to].edp


def geomean(values: Iterable[float]) -> float:
    """Geometric mean of positive numbers."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def gain(rows: Iterable[dict[str, Total]], over: str) -> float:
    """Geometric mean of a design's EDP over HighLight's."""
    return geomean(relative(row, over, HIGHLIGHT.name) for row in rows)


def of(table: Table, *workloads: str) -> list[dict[str, Total]]:
    """The rows of some workloads."""
    return [row for point, row in table.items() if point.workload in workloads]

"""Sample a trace: simulate a part of the tiles of each layer exactly, and say what the whole takes, with an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.api.arguments import overridden, seed_of, wanted
from simulator.api.loading import layers_of, machine_of
from simulator.api.processes import Work, jobs_of, over_processes
from simulator.api.simulation import layer_result, lowered_layer, versions
from simulator.errors import InputError, SimulatorError
from simulator.plan.rung import parse_rung

if TYPE_CHECKING:
    from simulator.hardware.machine import Machine
    from simulator.lowering.cuts import Cut, Cutting
    from simulator.record.result import LayerResult
    from simulator.record.sample import Sampled, SampledLayer
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

CONFIDENCE = 0.95
GROUPS = (4, 8)
"""Groups drawn: at least, at most."""
LEAST = 2
"""Units of a group: with one alone nothing overlaps as it does in the middle of a layer."""
USUAL = 4
"""Units of a group before there are more groups than the fewest."""


def sample(
    machine: Machine | str | Path,
    workload: Layer | Trace | str | Path,
    fraction: float,
    engine: str = "fast",
    rung: str = "truth",
    verify: bool | str = "auto",
    overrides: Mapping[str, str] | None = None,
    seed: int = 0,
    on_layer: Callable[[SampledLayer], None] | None = None,
    jobs: int = 1,
    confidence: float = CONFIDENCE,
) -> Sampled:
    """Simulate a part of every layer, cycle by cycle, and estimate the whole.

    Units are tiles of the mapping along M or N (:mod:`simulator.lowering.cuts`), drawn at random without replacement, in 4 to 8
    groups of at least two; estimator and interval are those of :mod:`simulator.record.sample`. A layer with too few tiles for
    that is simulated whole, and says so.

    Parameters
    ----------
    machine, workload, engine, rung, verify, overrides, jobs
        As of :func:`simulator.simulate`.
    fraction : float
        Part of the units to simulate, 0 < fraction < 1; what is run besides to tell what a layer costs once is part of it.
    seed : int
        Draws the units; and as of :func:`simulator.simulate`.
    on_layer : callable
        Called with each finished layer.
    confidence : float
        Of the intervals, 0 < confidence < 1.

    Returns
    -------
    Sampled
        Estimates with intervals; not a Result.

    Raises
    ------
    InputError, InfeasibleError, DeadlockError, WorkerError
        See :mod:`simulator.errors`.
    """
    from simulator.hardware import dump
    from simulator.record.sample import Sampled

    for name, value in (("fraction", fraction), ("confidence", confidence)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
            raise InputError(f"{name}={value!r}: must be a number between 0 and 1, for example 0.1")
    target = overridden(machine_of(machine), overrides)
    step, seed = parse_rung(rung), seed_of(seed)
    name, digest, layers = layers_of(workload)
    work = Work(target, engine, str(step), wanted(verify), seed)
    done: list[SampledLayer] = []
    for index, layer in enumerate(layers):
        done.append(_layer(work, layer, fraction, np.random.default_rng([seed, index]), jobs_of(jobs)))
        if on_layer is not None:
            on_layer(done[-1])
    return Sampled(
        target.name, name, dump(target), digest, str(step), seed, engine, float(fraction), float(confidence),
        tuple(done), versions(), target.clock.value,
    )  # fmt: skip


def design(units: int, fraction: float) -> tuple[int, int] | None:
    """Groups and units of each, so that with one more group taken twice at most `fraction` of the units are run; None: too few."""
    room = int(fraction * units)
    groups = min(GROUPS[1], max(GROUPS[0], room // USUAL - 2))
    each = room // (groups + 2)
    return (groups, each) if each >= LEAST else None


def _layer(work: Work, layer: Layer, fraction: float, rng: np.random.Generator, jobs: int) -> SampledLayer:
    from simulator.lowering.cuts import cutting

    how = cutting(work.machine, layer, lowered_layer(work.machine, layer))
    reasons = [] if how.cuts else ["its tiles cannot be told apart"]
    for cut in how.cuts:
        drawn = design(cut.units, fraction)
        if drawn is None:
            reasons.append(f"too few tiles along {cut.rank}: {cut.units}")
            continue
        groups = rng.permutation(cut.units)[: drawn[0] * drawn[1]].reshape(drawn)
        found = _drawn(work, layer, how, cut, [sorted(map(int, group)) for group in groups], jobs)
        if found is not None:
            return found
        reasons.append(f"fewer tiles along {cut.rank} are mapped otherwise")
    return _whole(work, layer, "; ".join(reasons))


def _whole(work: Work, layer: Layer, reason: str) -> SampledLayer:
    from simulator.record.sample import Moments, SampledLayer, counted

    result = next(iter(_results(work, [layer], 1)))
    told = {name: Moments(float(value), 0.0) for name, value in counted(result).items()}
    macs = result.macs["dense"]
    return SampledLayer(
        layer.name, result.shape, macs, macs, reason, "", 0, 0, (), 0, told,
        result.bound, result.choices, result.assumptions,
    )  # fmt: skip


def _drawn(
    work: Work, layer: Layer, how: Cutting, cut: Cut, groups: list[list[int]], jobs: int
) -> SampledLayer | None:
    """The layer from its groups; None if a smaller layer is not mapped as the whole one is."""
    from simulator.lowering.cuts import fixed
    from simulator.record.sample import SampledLayer, counted, moments

    try:
        smaller = replace(work, machine=fixed(work.machine, how))
        parts = [_part(layer, how, cut, units) for units in (*groups, [*groups[0], *groups[0]])]
        if any(_signature(smaller, part) != how.signature for part, _ in parts):
            return None
    except SimulatorError:
        return None
    results = list(_results(smaller, [part for part, _ in parts], jobs))
    told = [counted(result) for result in results]
    sizes = [size for _, size in parts[:-1]]
    names = dict.fromkeys(name for each in told for name in each)
    quantities = {
        name: moments([each.get(name, 0.0) for each in told[:-1]], told[-1].get(name, 0.0), sizes, cut.size)
        for name in names
    }
    first = results[0]
    shape = {**first.shape, cut.rank: cut.size}
    return SampledLayer(
        layer.name, shape, layer.einsum.macs, sum(result.macs["dense"] for result in results), "",
        cut.rank, cut.unit, cut.units, tuple(map(tuple, groups)), len(groups) - 1, quantities,
        first.bound, first.choices, first.assumptions,
    )  # fmt: skip


def _part(layer: Layer, how: Cutting, cut: Cut, units: Sequence[int]) -> tuple[Layer, int]:
    """The layer made of some units, and their elements."""
    from simulator.transform.layers import axes_of, taken

    spans = [np.arange(u * cut.unit, min(cut.size, (u + 1) * cut.unit)) for u in units]
    indices = np.concatenate(spans)
    whole = layer if how.pattern is None or layer.pattern is not None else replace(layer, pattern=how.pattern)
    return taken(whole, axes_of(layer, cut.rank.lower()), indices), len(indices)


def _signature(work: Work, part: Layer) -> tuple[object, ...]:
    from simulator.lowering.cuts import cutting

    return cutting(work.machine, part, lowered_layer(work.machine, part)).signature


def _results(work: Work, layers: Iterable[Layer], jobs: int) -> Iterator[LayerResult]:
    """Results in the order of the layers."""
    from simulator.registry import resolve

    some = list(layers)
    if jobs > 1 and len(some) > 1:
        found = dict(over_processes(work, some, jobs))
        yield from (found[i] for i in range(len(some)))
        return
    run, rung = resolve("engine", work.engine), parse_rung(work.rung)
    for layer in some:
        yield layer_result(work.machine, layer, run, rung, work.verify, work.seed, None, None)

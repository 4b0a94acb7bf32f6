"""Record what every program of a machine does, item by item, in a window of cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.api.arguments import kind_of, overridden, seed_of
from simulator.api.loading import layers_of, load
from simulator.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.events import LayerEvents, Log
    from simulator.hardware.machine import Machine
    from simulator.mapping.design_point import DesignPoint
    from simulator.plan.network import Plan
    from simulator.plan.rung import Rung
    from simulator.record.recording import Window
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

_FAR = 1 << 60
CLOCK_HZ = 10**9
"""Clock of a design point, which describes none: as of its results."""


def record_events(
    machine: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    cycles: tuple[int, int | None] = (0, None),
    engine: str = "fast",
    rung: str = "truth",
    overrides: Mapping[str, str] | None = None,
    seed: int = 0,
    tensors: Mapping[str, NDArray[Any]] | None = None,
    most: int | None = None,
    on_layer: Callable[[str], None] | None = None,
) -> Log:
    """Run layers and tell a window of them: items, states, queues, what led to what.

    Parameters
    ----------
    machine, workload, engine, rung, overrides, seed, tensors
        As of :func:`simulate`; a rung of ``order`` (S2) or above.
    cycles : (int, int or None)
        First cycle and the one beyond the last, counted over the layers one after the other; None: to the end. Layers behind the
        window are not run, those before it are run without being told.
    most : int, optional
        Items and intervals of state to keep at most; more is an error [default: 1,000,000, of about 100 bytes each].
    on_layer : callable, optional
        Called with the name of each layer before it is run.

    Returns
    -------
    Log

    Raises
    ------
    InputError, InfeasibleError, DeadlockError
        See :mod:`simulator.errors`.
    """
    from simulator.engine.contract import check_recording
    from simulator.events import Log
    from simulator.plan.rung import parse_rung
    from simulator.record.recording import MOST, Window

    step = parse_rung(rung)
    check_recording(step)
    end = _FAR if cycles[1] is None else cycles[1]
    window = Window(cycles[0], end, MOST if most is None else most)
    work = _work(machine, workload, tensors, overrides, seed)
    layers, length = _recorded(work.plans, window, step, engine, on_layer)
    if not layers:
        told = "" if cycles[1] is None else cycles[1]
        raise InputError(f"cycles {window.begin}:{told}: the run has {length:,} cycles")
    return Log(
        work.machine, work.trace, str(step), work.clock_hz, window.begin, min(end, length), tuple(layers)
    )


@dataclass(frozen=True)
class _Work:
    """What is run: the name and plan of every layer, told when it is asked for."""

    machine: str
    trace: str
    clock_hz: int
    plans: Iterator[tuple[str, Plan]]


def _recorded(
    plans: Iterator[tuple[str, Plan]],
    window: Window,
    rung: Rung,
    engine: str,
    on_layer: Callable[[str], None] | None,
) -> tuple[list[LayerEvents], int]:
    """The layers in a window, and the cycles of all that were run."""
    from simulator.events.log import layer_events
    from simulator.plan.rung import at_rung
    from simulator.registry import resolve

    run, record = resolve("engine", engine), resolve("recorder", engine)
    layers: list[LayerEvents] = []
    offset, kept = 0, window.kept
    for name, plan in plans:
        if offset >= window.end:
            break
        if on_layer is not None:
            on_layer(name)
        if window.begin > offset:  # it may lie before the window as a whole
            length = run(plan, rung).cycles
            if offset + length <= window.begin:
                offset += length
                continue
        begin, end = max(0, window.begin - offset), window.end - offset
        outcome, recording = record(plan, replace(window, begin=begin, end=end, kept=kept), rung)
        layers.append(layer_events(name, offset, outcome.cycles, at_rung(plan, rung), recording))
        offset, kept = offset + outcome.cycles, kept + recording.size
    return layers, offset


def _work(
    machine: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None,
    tensors: Mapping[str, NDArray[Any]] | None,
    overrides: Mapping[str, str] | None,
    seed: int,
) -> _Work:
    from simulator.api.simulation import lowered_layer
    from simulator.hardware.machine import Machine as Specification
    from simulator.mapping.design_point import DesignPoint as Point

    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if isinstance(loaded, Point):
        if overrides:
            raise InputError(f"design point {loaded.name!r}: takes no overrides; change its file")
        return _of_point(loaded, workload, tensors, seed_of(seed))
    if not isinstance(loaded, Specification):
        raise InputError(f"expected a machine or a design point, got {kind_of(loaded)}")
    if tensors is not None or workload is None:
        raise InputError(f"machine {loaded.name!r}: needs a layer or a trace, and takes no tensors")
    target = overridden(loaded, overrides)
    name, _, layers = layers_of(workload)
    plans = ((layer.name, lowered_layer(target, layer).plan) for layer in layers)
    return _Work(target.name, name, target.clock.value, plans)


def _of_point(
    point: DesignPoint,
    workload: Layer | Trace | str | Path | None,
    tensors: Mapping[str, NDArray[Any]] | None,
    seed: int,
) -> _Work:
    from simulator.lowering.nest import drawn, lower, of_layer

    if workload is not None and tensors is not None:
        raise InputError(f"design point {point.name!r}: takes a trace or tensors, not both")
    if workload is None:
        arrays = tensors if tensors is not None else drawn(point, seed)[0]
        plans = iter([(point.name, lower(point, arrays, seed).plan)])
        return _Work(point.name, point.product.text, CLOCK_HZ, plans)
    name, _, layers = layers_of(workload)
    each = ((layer.name, lower(point, of_layer(point.product, layer), seed).plan) for layer in layers)
    return _Work(point.name, name, CLOCK_HZ, each)


def write_events(log: Log, path: str | Path) -> None:
    """Write a log: ``.pftrace`` (Perfetto), ``.json`` (Chrome's trace format), ``.vcd`` (waveforms) or ``.csv`` (a row per item).

    Raises
    ------
    InputError
        Another suffix, or the file cannot be written.
    """
    from simulator.report.events import write

    write(log, path)

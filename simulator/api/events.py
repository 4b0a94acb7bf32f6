"""Record what every program of a machine does, item by item, in a window of cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.api.arguments import kind_of, overridden, seed_of
from simulator.api.loading import layers_of, load
from simulator.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from simulator.events import Log
    from simulator.hardware.machine import Machine
    from simulator.mapping.design_point import DesignPoint
    from simulator.plan.network import Plan
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

_FAR = 1 << 60


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
    from simulator.events.log import layer_events
    from simulator.hardware.machine import Machine as Specification
    from simulator.mapping.design_point import DesignPoint as Point
    from simulator.plan.rung import at_rung, parse_rung
    from simulator.record.recording import MOST, Window
    from simulator.registry import resolve

    step, run, told = parse_rung(rung), resolve("engine", engine), resolve("recorder", engine)
    check_recording(step)
    room = MOST if most is None else most
    begin, end = cycles[0], _FAR if cycles[1] is None else cycles[1]
    Window(begin, end, room)
    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if isinstance(loaded, Specification):
        if tensors is not None or workload is None:
            raise InputError(f"machine {loaded.name!r}: needs a layer or a trace, and takes no tensors")
        target = overridden(loaded, overrides)
        name, plans, clock_hz = _of_machine(target, workload)
        hardware = target.name
    else:
        if not isinstance(loaded, Point):
            raise InputError(f"expected a machine or a design point, got {kind_of(loaded)}")
        if overrides:
            raise InputError("a design point takes no overrides; change its file")
        name, plans = _of_point(loaded, workload, tensors, seed_of(seed))
        hardware = loaded.name
        clock_hz = 10**9
    layers, offset = [], 0
    for layer, plan in plans:
        if offset >= end:
            break
        if on_layer is not None:
            on_layer(layer)
        if begin > offset:  # it may lie before the window as a whole
            length = run(plan, step).cycles
            if offset + length <= begin:
                offset += length
                continue
        window = Window(max(0, begin - offset), end - offset, room)
        outcome, recording = told(plan, window, step)
        events = layer_events(layer, offset, outcome.cycles, at_rung(plan, step), recording)
        room -= sum(len(part.begins) + sum(map(len, part.programs)) for part in recording.components)
        layers.append(events)
        offset += outcome.cycles
        if room < 1:
            raise Window(begin, end, MOST if most is None else most).crowded()
    if not layers:
        raise InputError(
            f"cycles {begin}:{'' if cycles[1] is None else cycles[1]}: the run has {offset:,} cycles"
        )
    return Log(hardware, name, str(step), clock_hz, begin, min(end, offset), tuple(layers))


def _of_machine(
    machine: Machine, workload: Layer | Trace | str | Path
) -> tuple[str, Iterator[tuple[str, Plan]], int]:
    from simulator.api.simulation import lowered_layer

    name, _, layers = layers_of(workload)
    plans = ((layer.name, lowered_layer(machine, layer).plan) for layer in layers)
    return name, plans, machine.clock.value


def _of_point(
    point: DesignPoint,
    workload: Layer | Trace | str | Path | None,
    tensors: Mapping[str, NDArray[Any]] | None,
    seed: int,
) -> tuple[str, Iterator[tuple[str, Plan]]]:
    from simulator.lowering.nest import drawn, lower, of_layer

    if workload is not None and tensors is not None:
        raise InputError(f"design point {point.name!r}: takes a trace or tensors, not both")
    if workload is None:
        arrays = tensors if tensors is not None else drawn(point, seed)[0]
        return point.product.text, iter([(point.name, lower(point, arrays, seed).plan)])
    name, _, layers = layers_of(workload)
    return name, ((layer.name, lower(point, of_layer(point.product, layer), seed).plan) for layer in layers)


def write_events(log: Log, path: str | Path) -> None:
    """Write a log: ``.pftrace`` (Perfetto), ``.json`` (Chrome's trace format), ``.vcd`` (waveforms) or ``.csv`` (a row per item).

    Raises
    ------
    InputError
        Another suffix, or the file cannot be written.
    """
    from simulator.report.events import write

    write(log, path)

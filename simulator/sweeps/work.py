"""A point simulated: what a process of the pool or a worker of a cluster does. Rows are plain data."""

from __future__ import annotations

import time
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, SimulatorError
from simulator.sweeps.points import VERIFY, Point

if TYPE_CHECKING:
    from simulator.record.result import LayerResult, Result
    from simulator.workload.model import Trace

Row = dict[str, Any]
UNEXPECTED = 1


def work(point: Point, sources: str) -> list[Row]:
    """Rows of a point: one, or one per layer; of a point that fails one with its error.

    Parameters
    ----------
    point : Point
    sources : str
        State of the sources of the process that asks; another state here is an error of the point.
    """
    from simulator.api.keeping import sources as sources_here

    start = time.monotonic()
    try:
        if sources_here() != sources:
            raise InputError("this worker has other sources of sparsecycle than the sweep was begun with")
        found = _rows(point)
    except SimulatorError as error:
        return [failure(str(error).splitlines()[0], error.exit_code, time.monotonic() - start)]
    except Exception as error:
        text = (str(error).splitlines() or ["no message"])[0]
        return [failure(f"unexpected {type(error).__name__}: {text}", UNEXPECTED, time.monotonic() - start)]
    spent = time.monotonic() - start
    return [{"exit_code": 0, "error": "", **row, "host_seconds": spent} for row in found]


def failure(message: str, code: int, seconds: float = 0.0) -> Row:
    """The row of a point that failed."""
    return {"exit_code": code, "error": message, "host_seconds": seconds}


def _rows(point: Point) -> list[Row]:
    from simulator.api.simulation import simulate
    from simulator.hardware import load, override
    from simulator.transform import prune
    from simulator.workload.trace_file import load as load_trace

    machine = load(point.machine_file)
    if point.set:
        machine = override(machine, {path: _text(value) for path, value in point.set.items()})
    with load_trace(point.trace_file) as whole:
        trace = _chosen(whole, point.layers)
        if point.prune:
            trace = prune(trace, point.prune)
        result = simulate(
            machine, trace, engine=point.engine, rung=point.rung, verify=VERIFY[point.verify], seed=point.seed
        )
    if point.per == "layer":
        return [_row(layer, layer.name, result) for layer in result.layers]
    return [_row(result, "", result)]


def _text(value: Any) -> Any:
    return value if isinstance(value, (bool, int, str)) else str(value)


def _chosen(trace: Trace, glob: str) -> Trace:
    layers = tuple(layer for layer in trace.layers if fnmatchcase(layer.name, glob))
    if not layers:
        raise InputError(f"layers {glob!r}: match no layer of {trace.name!r}")
    return replace(trace, layers=layers)


def _row(part: Result | LayerResult, layer: str, result: Result) -> Row:
    layers = [x for x in result.layers if layer in ("", x.name)]
    dram = sum(sum(x.traffic.get("dram", {}).values()) for x in layers)
    return {
        **({"layer": layer} if layer else {}),
        "cycles": part.cycles,
        "runtime_seconds": part.cycles / result.clock_hz,
        "energy_pj": part.energy,
        "edp_pj_cycles": part.edp,
        "utilisation_ratio": part.utilisation,
        "bound": part.bound,
        "dense_multiplications": sum(x.macs["dense"] for x in layers),
        "effectual_multiplications": sum(x.macs["effectual"] for x in layers),
        "dram_bytes": dram,
        "verified_outputs_elements": sum(x.verification.outputs for x in layers),
        "digest": result.digest,
    }

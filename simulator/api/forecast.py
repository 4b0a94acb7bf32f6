"""What a run will take, told before it: CPU seconds and peak memory, from counts, not from lowering anything.

Of a layer with D dense multiplications, of which E = D w x are effectual if non-zeros fall independently (w, x: densities of
weights and inputs), and tensors of W, X and Z elements, W' and X' of them non-zero:

    seconds = sum over q of c_q q,     q in 1, W, X, Z, W', X', D, E
    checking outputs: seconds = sum over q of v_q q,    q in 1, W, X, Z, D',    D' = min(D, 2**24) or, checked in full, D

and likewise bytes. The coefficients, none negative, were fitted to measured runs of each machine (``python -m
validation.benchmarks.forecast``) with the least squared relative error; a machine that was not measured has those of its
organisation, of the machine of it that takes longest. ``start_seconds`` and ``base_bytes`` are what a process takes before its
first layer, kernels compiled before; those that are not take seconds more. The range is where nine in ten of the measured layers
were, each told by the fit to the others; those of ``start_seconds`` and ``base_bytes`` are of whole runs of networks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.hardware.machine import Machine
    from simulator.workload.layer import Layer

TABLE = Path(__file__).with_name("forecast.json")
FULL = 1 << 24
"""Multiplications up to which every output is checked; above, samples are."""
RUN = ("1", "W", "X", "Z", "W'", "X'", "D", "E")
CHECK = ("1", "W", "X", "Z", "D'")


@dataclass(frozen=True)
class Span:
    """A number, and where nine in ten of the measured ones were.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """What layers will take on a machine.

    Attributes
    ----------
    seconds : Span
        Of the whole run, in as many processes as it is given.
    memory_bytes : Span
        Peak of all processes together.
    by_layer : tuple of float
        CPU seconds of each layer.
    start : Span
        Of `seconds`, those before the first layer, which a second machine of one process does not take again.
    """

    seconds: Span
    memory_bytes: Span
    by_layer: tuple[float, ...]
    start: Span


def counts(layer: Layer, full: bool = False) -> dict[str, float]:
    """The counts a forecast is told from; non-zeros are counted block by block."""
    weights, inputs = layer.weights, layer.inputs
    dense = float(layer.einsum.macs)
    outputs = 1.0
    for size in layer.einsum.shape("outputs"):
        outputs *= size
    effectual = dense * weights.nonzeros / max(1, weights.size) * inputs.nonzeros / max(1, inputs.size)
    return {
        "1": 1.0,
        "W": float(weights.size),
        "X": float(inputs.size),
        "Z": outputs,
        "W'": float(weights.nonzeros),
        "X'": float(inputs.nonzeros),
        "D": dense,
        "E": effectual,
        "D'": dense if full else min(dense, float(FULL)),
    }


@cache
def table() -> dict[str, Any]:
    """Coefficients and errors, by machine and by organisation."""
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def forecast(
    machine: Machine,
    layers: Iterable[Layer],
    engine: str = "fast",
    verify: bool | str = "auto",
    jobs: int = 1,
) -> Forecast:
    """What simulating layers on a machine will take.

    Parameters
    ----------
    machine : Machine
    layers : iterable of Layer
    engine : str
    verify : bool or str
        As of :func:`simulator.simulate`.
    jobs : int
        Processes, at least 1.

    Returns
    -------
    Forecast
    """
    known = table()
    fit = known["machines"].get(machine.name) or known["organisations"][machine.organisation]
    run, check = fit[f"run_{engine}"], fit["check"]
    told = [counts(layer, verify is True) for layer in layers]
    seconds = [
        _dot(run["seconds"], each) + (_dot(check["seconds"], each) if verify is not False else 0.0)
        for each in told
    ]
    memory = sorted((max(_dot(fit["memory"]["bytes"], each), 0.0) for each in told), reverse=True)
    at_once = min(jobs, len(told))
    longest = max([*seconds, 0.0])
    whole = max(sum(seconds) / max(1, at_once), longest)
    begin = known["start_seconds"] * (2 if at_once > 1 else 1)
    start = Span(begin, *(begin * part for part in known["start_range"]))
    resident = known["base_bytes"] * (1 + (at_once if at_once > 1 else 0))
    largest = sum(memory[:at_once])
    fast, slow = run["range"]
    small, large = (
        resident * a + largest * b for a, b in zip(known["base_range"], fit["memory"]["range"], strict=True)
    )
    return Forecast(
        Span(start.value + whole, start.low + whole * fast, start.high + whole * slow),
        Span(resident + largest, small, large),
        tuple(seconds),
        start,
    )


def _dot(coefficients: Mapping[str, float], told: Mapping[str, float]) -> float:
    return sum(value * told[name] for name, value in coefficients.items())

"""What a sample of a trace on a machine says: estimates with intervals. It is no Result, and nothing that takes a Result takes it.

Of a layer cut into U units of tiles (X elements of a rank), R groups of s units are drawn without replacement, each
simulated as a layer of its own; y_r is a count of group r (cycles, energy, ...), x_r its elements. What a layer costs once, however
many units it has (fetching what stays, filling, draining), is told by one more run, of the first group taken twice::

    c = 2 y_1 - y_11                                        y_11: the first group, then the same again
    B = sum_r (y_r - c) / sum_r x_r                         ratio to size
    Y = c + B X
    v = X^2 (1 - f) / (R mean(x)^2) sum_r (y_r - c - B x_r)^2 / (R - 1),     f = sum_r x_r / X

The interval is Y +- t sqrt(v), t of R - 1 degrees of freedom. Layers are strata: their Y and v add up, and the degrees of freedom
of the sum are Welch and Satterthwaite's, (sum v)^2 / sum (v^2 / (R - 1)), rounded down. A layer simulated whole has v = 0.

What the interval does not hold is the bias: c is taken of one group, the ratio of few groups, and units beside one another may
share more than c. Sources: Cochran, Sampling Techniques, 3rd ed., 1977, 6.3 and 5.4; Satterthwaite, Biometrics 2(6), 1946.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulator.errors import InputError
from simulator.record.result import LayerResult
from simulator.record.student import quantile

SCHEMA_VERSION = 1
KIND = "sample"
NOTE = "SAMPLED: estimates with confidence intervals from a part of the tiles, not a simulation of the whole"


@dataclass(frozen=True)
class Interval:
    """An estimate.

    Attributes
    ----------
    value, low, high : float
        `low` to `high` is the confidence interval; all three are equal where everything was simulated.
    variance : float
        Of `value`.
    """

    value: float
    low: float
    high: float
    variance: float = 0.0

    @property
    def relative(self) -> float:
        """Half of the interval over the value, 0 of 0."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else 0.0


@dataclass(frozen=True)
class Moments:
    """What a quantity of a layer is estimated to be, and how well.

    Attributes
    ----------
    value, variance : float
    """

    value: float
    variance: float


@dataclass(frozen=True)
class SampledLayer:
    """A layer of a sample.

    Attributes
    ----------
    name : str
    shape : dict of str to int
        groups, M, N, K.
    macs : int
        Multiplications of the dense einsum.
    simulated_macs : int
        Those of all that was simulated for it, repetitions included.
    whole : str
        Empty if tiles were drawn; otherwise why the layer was simulated whole.
    rank : str
        Rank of which units were drawn; empty if none.
    unit, units : int
        Elements of a unit, and units of the layer.
    groups : tuple of tuple of int
        Units drawn, group by group.
    freedom : int
        Degrees of freedom, groups - 1; 0 of a layer that was simulated whole.
    quantities : dict of str to Moments
        ``cycles``, ``energy_pj``, and by component ``energy_pj/array``, ``cycles/array/busy``, ``bytes/dram/weights``.
    bound : str
        What bounds the (first) simulated part.
    choices : dict of str to str
    assumptions : tuple of str
    """

    name: str
    shape: dict[str, int]
    macs: int
    simulated_macs: int
    whole: str
    rank: str
    unit: int
    units: int
    groups: tuple[tuple[int, ...], ...]
    freedom: int
    quantities: dict[str, Moments]
    bound: str
    choices: dict[str, str]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Sampled:
    """A sample of a trace on a machine.

    Attributes
    ----------
    machine, trace, config, trace_digest, rung, seed, engine, versions, clock_hz
        As of a :class:`simulator.record.result.Result`; the seed also draws the units.
    fraction : float
        What part of the units was asked for.
    confidence : float
        Of the intervals, e.g. 0.95.
    layers : tuple of SampledLayer
    """

    machine: str
    trace: str
    config: str
    trace_digest: str
    rung: str
    seed: int
    engine: str
    fraction: float
    confidence: float
    layers: tuple[SampledLayer, ...]
    versions: dict[str, str] = field(default_factory=dict)
    clock_hz: int = 10**9

    def __repr__(self) -> str:
        told = self.cycles
        return (
            f"<Sampled: {self.trace} on {self.machine}, {100 * self.simulated:.3g}% simulated, "
            f"{told.value:,.0f} cycles ({told.low:,.0f} to {told.high:,.0f}), {self.energy.value:.4g} pJ>"
        )

    @property
    def simulated(self) -> float:
        """Multiplications simulated over those of the trace (of the dense einsums); repetitions count."""
        return sum(x.simulated_macs for x in self.layers) / max(1, sum(x.macs for x in self.layers))

    @property
    def cycles(self) -> Interval:
        """Cycles of all layers, run one after the other."""
        return self.of("cycles")

    @property
    def energy(self) -> Interval:
        """Energy in pJ."""
        return self.of("energy_pj")

    def of(self, quantity: str, layers: Sequence[SampledLayer] | None = None) -> Interval:
        """A quantity over layers (all of them), with its interval."""
        return interval(self.layers if layers is None else layers, quantity, self.confidence)

    def layer(self, name: str, quantity: str = "cycles") -> Interval:
        """A quantity of one layer; KeyError when there is none."""
        return self.of(quantity, [next_named(self.layers, name)])

    def summary(self) -> dict[str, Any]:
        """JSON-ready; ``sampled`` is true, and no number stands without its interval."""
        head = {name: getattr(self, name) for name in _HEAD}
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "sampled": True,
            "note": NOTE,
            **head,
            "simulated_macs_ratio": self.simulated,
            "cycles": _told(self.cycles),
            "energy_pj": _told(self.energy),
            "layers": [self._layer(layer) for layer in self.layers],
            "versions": self.versions,
        }

    def _layer(self, layer: SampledLayer) -> dict[str, Any]:
        told = {name: _told(self.of(name, [layer])) for name in layer.quantities}
        rest = asdict(layer) | {"quantities": told, "groups": [list(group) for group in layer.groups]}
        return rest | {
            "assumptions": list(layer.assumptions),
            "cycles": told["cycles"],
            "energy_pj": told["energy_pj"],
        }

    def save(self, path: str | Path) -> None:
        """Write the summary, with the configuration, as JSON; :func:`load` reads it back."""
        document = self.summary() | {"config": self.config}
        Path(path).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def csv(self) -> str:
        """A row per layer; the column ``sampled`` says what stands for more than was simulated."""
        rows = [self._row(layer.name, [layer], "no" if layer.whole else "yes") for layer in self.layers]
        rows.append(self._row("total", self.layers, "yes" if any(not x.whole for x in self.layers) else "no"))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval=0, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def _row(self, name: str, layers: Sequence[SampledLayer], sampled: str) -> dict[str, Any]:
        row: dict[str, Any] = {"layer": name, "sampled": sampled, "confidence_ratio": self.confidence}
        macs = sum(layer.macs for layer in layers)
        row["simulated_macs_ratio"] = sum(layer.simulated_macs for layer in layers) / max(1, macs)
        for quantity in dict.fromkeys(name for layer in layers for name in layer.quantities):
            told, unit = self.of(quantity, layers), quantity.split("/")[0]
            place = "_".join(quantity.split("/")[1:])
            for part in ("value", "low", "high"):
                label = "estimated" if part == "value" else part
                row["_".join(filter(None, (place, label, unit)))] = getattr(told, part)
        return row


_HEAD = ("machine", "trace", "trace_digest", "rung", "engine", "seed", "fraction", "confidence", "clock_hz")


def next_named(layers: Sequence[SampledLayer], name: str) -> SampledLayer:
    """The layer called `name`, or KeyError."""
    for layer in layers:
        if layer.name == name:
            return layer
    raise KeyError(name)


def interval(layers: Sequence[SampledLayer], quantity: str, confidence: float) -> Interval:
    """A quantity summed over strata; see the module."""
    some = [(x.quantities[quantity], x.freedom) for x in layers if quantity in x.quantities]
    value, variance = sum(m.value for m, _ in some), sum(m.variance for m, _ in some)
    if variance <= 0:
        return Interval(value, value, value)
    shares = sum(m.variance**2 / freedom for m, freedom in some if m.variance > 0)
    half = quantile(confidence, max(1, math.floor(variance**2 / shares))) * math.sqrt(variance)
    return Interval(value, value - half, value + half, variance)


def moments(counts: Sequence[float], doubled: float, sizes: Sequence[int], whole: int) -> Moments:
    """Estimate of a count of a whole layer from its groups; see the module.

    Parameters
    ----------
    counts : sequence of float
        y_r, at least two.
    doubled : float
        y_11.
    sizes : sequence of int
        x_r.
    whole : int
        X.
    """
    once = 2 * counts[0] - doubled
    ratio = (sum(counts) - len(counts) * once) / sum(sizes)
    mean = sum(sizes) / len(sizes)
    residuals = sum((y - once - ratio * x) ** 2 for y, x in zip(counts, sizes, strict=True))
    spread = residuals / (len(counts) - 1) / len(counts)
    return Moments(once + ratio * whole, (whole / mean) ** 2 * (1 - sum(sizes) / whole) * spread)


def counted(layer: LayerResult) -> dict[str, float]:
    """The quantities of a simulated layer, by the names of :class:`SampledLayer`."""
    found: dict[str, float] = {"cycles": layer.cycles, "energy_pj": layer.energy}
    for part in layer.components:
        found |= {f"cycles/{part.name}/{state}": n for state, n in part.intervals.totals().items() if n}
    for name, actions in layer.energy_pj.items():
        found[f"energy_pj/{name}"] = sum(actions.values())
    for name, tensors in layer.traffic.items():
        found |= {f"bytes/{name}/{tensor}": count for tensor, count in tensors.items()}
    return found


def load(path: str | Path) -> Sampled:
    """What :meth:`Sampled.save` wrote.

    Raises
    ------
    InputError
        It is no such file.
    """
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        if told["kind"] != KIND or told["schema_version"] != SCHEMA_VERSION:
            raise InputError(f"{path}: is not a sample of version {SCHEMA_VERSION}")
        layers = tuple(_read_layer(layer) for layer in told["layers"])
        head = {name: told[name] for name in _HEAD}
        return Sampled(**head, config=told["config"], layers=layers, versions=told["versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as a sample: {type(error).__name__}: {error}") from None


def _read_layer(told: Mapping[str, Any]) -> SampledLayer:
    names = [
        name
        for name in SampledLayer.__dataclass_fields__
        if name not in ("quantities", "groups", "assumptions")
    ]
    return SampledLayer(
        **{name: told[name] for name in names},
        quantities={
            name: Moments(each["estimate"], each["variance"]) for name, each in told["quantities"].items()
        },
        groups=tuple(tuple(group) for group in told["groups"]),
        assumptions=tuple(told["assumptions"]),
    )


def _told(told: Interval) -> dict[str, float]:
    return {"estimate": told.value, "low": told.low, "high": told.high, "variance": told.variance}

"""The tables of the study as text for its page."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from simulator.record.comparison import CAUSES
from validation import markdown
from validation.studies.estimate_error.sample import MODELS, Sample, Spread, costs, spread

Sweep = Mapping[float, Sequence[Sample]]
_HEADS = {"density": "density", "imbalance": "imbalance s", "depth": "buffer depth"}


def tables(samples: Sequence[Sample], sweeps: Mapping[str, Sweep]) -> str:
    """Errors per machine and model, costs of assumptions per machine, and the sweeps."""
    parts = [
        "## Machines",
        "",
        "Median error (mean of its size; least .. most), in percent of the true cycles.",
        "",
    ]
    parts += [*markdown.table(_machines(samples)), ""]
    parts += [
        "What every assumption of `sparseloop` costs, mean over layers in percent of the true cycles.",
        "",
    ]
    parts += [*markdown.table(_costs(samples)), ""]
    parts += [
        "## A design point",
        "",
        "Median over seeds (least .. most of the error), in percent of the true cycles.",
        "",
    ]
    for name, sweep in sweeps.items():
        parts += [*markdown.table(_sweep(name, sweep)), ""]
    return "\n".join(parts).rstrip("\n")


def _machines(samples: Sequence[Sample]) -> list[list[str]]:
    rows = [["machine", "layers", *(f"`{model}`" for model in MODELS)]]
    names = list(dict.fromkeys(sample.machine for sample in samples))
    for machine in [*names, "all"]:
        own = [s for s in samples if machine in (s.machine, "all")]
        found = {model: spread(s for s in own if s.model == model) for model in MODELS}
        rows.append([machine, str(found[MODELS[0]].many), *(_spread(found[model]) for model in MODELS)])
    return rows


def _spread(found: Spread) -> str:
    return f"{_percent(found.median)} ({100 * found.absolute:.1f}; {_percent(found.low)} .. {_percent(found.high)})"


def _costs(samples: Sequence[Sample]) -> list[list[str]]:
    rows = [["machine", *CAUSES.values()]]
    own = [s for s in samples if s.model == "sparseloop"]
    for machine in dict.fromkeys(sample.machine for sample in samples):
        found = costs(s for s in own if s.machine == machine)
        rows.append([machine, *(_percent(found.get(cause, 0.0)) for cause in CAUSES.values())])
    return rows


def _sweep(name: str, sweep: Sweep) -> list[list[str]]:
    causes = ("independence", "balance", "order", "buffers", "contention")
    rows = [[_HEADS[name], "error", *causes]]
    for x, samples in sweep.items():
        found = spread(samples)
        shares = [
            statistics.median(
                sum(step.cycles for step in s.found.steps if step.cause == cause) / s.found.cycles["S4"]
                for s in samples
            )
            for cause in causes
        ]
        error = f"{_percent(found.median)} ({_percent(found.low)} .. {_percent(found.high)})"
        rows.append([f"{x:g}", error, *(_percent(share) for share in shares)])
    return rows


def _percent(share: float) -> str:
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text

"""Calibrate what is told before a run: ``python -m validation.benchmarks.forecast [--measure FILE] [--fit FILE] [NAME...]``.

Measures random layers (products and convolutions, 2**13 to 2**28 multiplications, any pattern of the machine, inputs of any
density) on every machine: CPU seconds of the simulation and of the functional check, warm, and how far the peak of resident memory
rises. ``--fit`` puts them into ``simulator/api/forecast.json``: coefficients that are not negative with the least squared relative
error, and the errors of each layer told by the fit to the others.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simulator
from simulator import InfeasibleError, InputError, Layer, Machine
from simulator.api.forecast import CHECK, RUN, TABLE, counts
from simulator.hardware import load, names
from simulator.sparsity.patterns import parse

LAYERS, SMALL = 28, 10
LEAST, MOST = 13.0, 28.0
"""Logarithm of base 2 of the multiplications of a layer."""
REFERENCE = 19.0
"""The reference engine runs layers up to so many."""
LARGE = counts(simulator.gemm(np.ones((512, 512), bool), np.ones((512, 512), bool)))
"""Of the layer by which machines of an organisation are compared."""
ENOUGH = 15.0
"""CPU seconds of a layer after which larger ones are not measured."""


def layer(machine: Machine, macs: float, seed: int) -> Layer:
    """About 2**macs multiplications."""
    rng = np.random.default_rng([seed, 77])
    choices = [each for each in parse(machine.datapath.weights).choices() if each.concrete]
    pattern = choices[int(rng.integers(len(choices)))] if choices else parse("dense")
    density, kept = float(rng.choice([0.1, 0.3, 0.5, 1.0])), float(rng.choice([0.1, 0.3, 1.0]))
    if rng.random() < 0.6 or macs < 16:
        spread = rng.normal(0, 1.0, 3)
        m, k, n = (max(2, round(2 ** (macs / 3 + each - spread.mean()))) for each in spread)
        weights = mask(pattern, (m, k), kept, seed, rng)
        inputs = rng.random((k, n)) < density
        if family := getattr(machine.datapath, "streamed", None):
            inputs &= parse(family).choices()[-1].generate((k, n), axis=0, seed=seed)
        return simulator.gemm(weights, inputs)
    size, r = int(rng.choice([7, 14, 28])), int(rng.choice([1, 3]))
    channels = max(2, round(2 ** ((macs - math.log2(size * size * r * r)) / 2)))
    flat = mask(pattern, (channels, r * r * channels), kept, seed, rng)
    kernel = np.ascontiguousarray(flat.reshape(channels, r, r, channels).transpose(0, 3, 1, 2))
    images = rng.random((1, channels, size, size)) < density
    return simulator.conv2d(kernel, images, padding=r // 2)


def mask(pattern: Any, shape: tuple[int, int], kept: float, seed: int, rng: Any) -> NDArray[np.bool_]:
    """Weights of a pattern; where any are allowed, of a density."""
    if pattern.text == "recorded" or "unstructured" in pattern.text:
        return np.asarray(rng.random(shape) < kept)
    return np.asarray(pattern.generate(shape, axis=-1, seed=seed))


def measured(name: str) -> Iterator[dict[str, Any]]:
    """Rows of a machine, by growing layers."""
    machine, base = load(name), 0
    for engine, most, count in (("fast", MOST, LAYERS), ("reference", REFERENCE, SMALL)):
        sizes = np.linspace(LEAST, most, count)
        _once(machine, layer(machine, LEAST, 0), engine, False)
        _once(machine, layer(machine, LEAST + 3, 1), "fast", "auto")
        base = base or _status("VmRSS")
        for seed, macs in enumerate(sizes):
            try:
                found = row(machine, layer(machine, macs, seed), engine, base)
            except (InfeasibleError, InputError, IndexError) as error:
                sys.stderr.write(f"{name} {seed}: {error}\n")
                continue
            yield found
            if found["seconds"] > ENOUGH:
                break


def row(machine: Machine, case: Layer, engine: str, base: int) -> dict[str, Any]:
    """What one layer takes; `base` is the resident memory before any."""
    told = counts(case)
    _reset_peak()
    seconds = _once(machine, case, engine, False)
    whole = _once(machine, case, engine, "auto") if engine == "fast" else None
    grown = max(0, _status("VmHWM") - base)
    found = {"machine": machine.name, "organisation": machine.organisation, "engine": engine}
    return {**found, "counts": told, "seconds": seconds, "whole": whole, "bytes": grown}


def _once(machine: Machine, case: Layer, engine: str, verify: bool | str) -> float:
    start = time.process_time()
    simulator.simulate(machine, case, engine=engine, verify=verify)
    return time.process_time() - start


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    text = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))


def not_negative(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares |a x - b| with x >= 0: descent one coordinate at a time, exact in each."""
    gram, target = a.T @ a, a.T @ b
    x = np.zeros(a.shape[1])
    for _ in range(20_000):
        moved = 0.0
        for i in range(len(x)):
            if gram[i, i] <= 0:
                continue
            new = max(0.0, x[i] - (gram[i] @ x - target[i]) / gram[i, i])
            moved, x[i] = max(moved, abs(new - x[i]) * math.sqrt(gram[i, i])), new
        if moved < 1e-10:
            break
    return x


def fitted(rows: Sequence[dict[str, Any]], what: str, terms: Sequence[str], least: float) -> dict[str, Any]:
    """Coefficients of the terms, and the range of told over measured; `least` is what no value counts as below."""
    table = np.array([[each["counts"][term] for term in terms] for each in rows])
    values = np.array([max(each[what], least) for each in rows])

    def solve(keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        scaled = table[keep] / values[keep, None]
        norms = np.linalg.norm(scaled, axis=0)
        norms[norms == 0] = 1.0
        return not_negative(scaled / norms, np.ones(int(keep.sum()))) / norms

    every = np.ones(len(rows), bool)
    ratios = []
    for i in range(len(rows)):
        keep = every.copy()
        keep[i] = False
        ratios.append(values[i] / max(least, float(table[i] @ solve(keep))))
    low, high = np.quantile(ratios, [0.05, 0.95])
    told = {term: float(f"{c:.4g}") for term, c in zip(terms, solve(every), strict=True) if c > 0}
    return {"told": told, "range": [round(float(low), 2), round(float(high), 2)], "ratios": sorted(ratios)}


def of_rows(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The entry of a machine."""
    fast = [each for each in rows if each["engine"] == "fast"]
    for each in fast:
        each["check"] = max(0.0, each["whole"] - each["seconds"])
    made: dict[str, Any] = {}
    for engine in ("fast", "reference"):
        some = [each for each in rows if each["engine"] == engine]
        found = fitted(some, "seconds", RUN if engine == "fast" else ("1", "W'", "X", "Z", "D"), 1e-3)
        made[f"run_{engine}"] = {"seconds": found["told"], "range": found["range"], "layers": len(some)}
    made["check"] = {"seconds": fitted(fast, "check", CHECK, 1e-3)["told"]}
    memory = fitted(fast, "bytes", ("1", "W", "X", "Z", "D", "E"), float(1 << 22))
    made["memory"] = {"bytes": memory["told"], "range": memory["range"]}
    return made


def fit(path: Path, known: dict[str, Any]) -> dict[str, Any]:
    """The table, with the machines that a file has measurements of made anew."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    machines = dict(known.get("machines", {}))
    for name in {row["machine"] for row in rows}:
        machines[name] = of_rows([row for row in rows if row["machine"] == name])
    slowest: dict[str, str] = {}
    for name in sorted(machines):
        organisation = load(name).organisation
        at = slowest.setdefault(organisation, name)
        if _at(machines[name], LARGE) > _at(machines[at], LARGE):
            slowest[organisation] = name
    # What is not of layers is read off whole commands (the seven networks of docs/large_runs.md), not fitted.
    return {
        "about": "made by python -m validation.benchmarks.forecast; see simulator/api/forecast.py",
        "base_bytes": 250_000_000,
        "base_range": [0.7, 1.2],
        "start_seconds": 1.8,
        "start_range": [0.75, 1.4],
        "machines": dict(sorted(machines.items())),
        "organisations": {name: machines[at] for name, at in sorted(slowest.items())},
    }


def _at(entry: dict[str, Any], told: dict[str, float]) -> float:
    return sum(c * told[term] for term, c in entry["run_fast"]["seconds"].items())


def main() -> None:
    """Measure, fit, or both."""
    options = argparse.ArgumentParser(prog="python -m validation.benchmarks.forecast")
    options.add_argument("names", nargs="*", metavar="NAME", help="machines; all when none is given")
    options.add_argument(
        "--measure", type=Path, metavar="FILE", help="append measured layers, a JSON line each"
    )
    options.add_argument("--fit", type=Path, metavar="FILE", help="put measured layers into the table")
    chosen = options.parse_args()
    if chosen.measure:
        with chosen.measure.open("a") as lines:
            for name in chosen.names or names():
                sys.stderr.write(f"{name}\n")
                for each in measured(name):
                    lines.write(json.dumps(each) + "\n")
                    lines.flush()
    if chosen.fit:
        table = fit(chosen.fit, json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {})
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

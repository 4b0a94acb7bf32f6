"""What the golden set runs: every machine there is on layers of all kinds, every design point, layers of the committed trace.

    python -m golden.cases [--update] [NAME...]      from tests/: compare, or record what changed on purpose

A digest covers the integers of a result (cycles, states, intervals, grants, actions, traffic, choices), not the text of a
description.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from conformance.test_machines import crowded, layer, varied

import simulator
from simulator import InfeasibleError, Layer, Machine
from simulator.frontend.timeloop.named import names as points
from simulator.hardware import load, names, override
from simulator.lowering import lower
from simulator.record.result import Result
from simulator.sparsity.patterns import parse

FILE = Path(__file__).with_name("digests.json")
RUNGS = ("totals", "balance", "order", "buffers")
SEEDS = range(4)
TRACED = ("s75/conv2", "s75/fc1", "s67/conv3", "dense/fc2")

Cases = Iterator[tuple[str, Callable[[], Result]]]


def of(name: str) -> Cases:
    """The cases of a machine, a design point or the committed trace: what each is called, and how it is run."""
    if name in names():
        yield from of_machine(load(name))
    elif name == "digits_cnn":
        for machine in ("highlight", "tc", "dstc"):
            for traced in TRACED:
                yield f"{machine} {traced}", lambda m=machine, t=traced: on_trace(m, t)
    else:
        for seed in (0, 1):
            yield f"seed {seed}", lambda s=seed: simulator.simulate(name, seed=s)


def of_machine(machine: Machine) -> Cases:
    """Random layers as described, with parameters changed, at every rung, with rows of DRAM; a larger one where that is quick."""
    for seed in SEEDS:
        case = layer(machine, seed)
        yield f"layer {seed}", lambda c=case: run(machine, c)
        yield f"layer {seed}, changed", lambda c=case, s=seed: run(varied(machine, c, s)[0], c)
    case = layer(machine, 1)
    for rung in RUNGS:
        yield f"layer 1, {rung}", lambda r=rung: run(machine, case, r)
    yield "layer 1, DDR4", lambda: run(override(machine, {"dram.timing": "DDR4"}), case)
    if not crowded(machine) and lower(machine, case).lanes >= 128:
        wide = larger(machine)
        yield "larger", lambda: run(machine, wide)
        yield "larger, half", lambda: run(machine, larger(machine, 0.5))


def larger(machine: Machine, density: float = 1.0) -> Layer:
    """160 x 320 x 200 in the sparsest pattern of the machine: tiles come again."""
    import numpy as np

    pattern = parse(machine.datapath.weights).choices()[-1]
    rng = np.random.default_rng(5)
    weights = (
        pattern.generate((160, 320), seed=3) if pattern.text != "recorded" else rng.random((160, 320)) < 0.3
    )
    inputs = rng.random((320, 200)) < density
    if family := getattr(machine.datapath, "streamed", None):
        inputs &= parse(family).choices()[-1].generate((320, 200), axis=0, seed=3)
    return simulator.gemm(weights, inputs)


def run(machine: Machine, case: Layer, rung: str = "truth") -> Result:
    return simulator.simulate(machine, case, rung=rung, verify=False)


def on_trace(machine: str, name: str) -> Result:
    with simulator.load_trace("digits_cnn") as trace:
        return simulator.simulate(machine, trace.layer(name), verify=False)


def digest(call: Callable[[], Result]) -> str:
    """Of a case: the integers it gives, or that the machine cannot run it."""
    try:
        (result,) = call().layers
    except InfeasibleError:
        return "infeasible"
    return hashlib.sha256(json.dumps(result.integers(), sort_keys=True).encode()).hexdigest()[:32]


def everything() -> tuple[str, ...]:
    """What must have digests."""
    return (*names(), *points(), "digits_cnn")


def recorded() -> dict[str, dict[str, str]]:
    """The digests of the golden set, by name and case."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return found


def main() -> None:
    """Compare or record."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", default=everything())
    options.add_argument("--update", action="store_true", help="write what was found")
    chosen = options.parse_args()
    known = recorded() if FILE.exists() else {}
    for name in chosen.names:
        found = {case: digest(call) for case, call in of(name)}
        before = known.get(name, {})
        changed = [case for case in {**before, **found} if before.get(case) != found.get(case)]
        print(
            f"{name}: {len(found)} cases, {len(changed)} differ{': ' if changed else ''}{'; '.join(changed)}",
            flush=True,
        )
        known[name] = found
    if chosen.update:
        kept = {name: known[name] for name in everything() if name in known}
        FILE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()

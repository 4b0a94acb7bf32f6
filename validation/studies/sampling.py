"""Does the interval of a sample hold the truth: ``python -m validation.studies.sampling [--seeds N] [--page FILE] [NAME...]``.

Layers whose truth is known are sampled with many seeds. Per machine: how often the 95% interval held the true cycles and
energy, the bias (mean of the estimates over the truth, less 1), the spread of the estimates, half of the mean interval, and what
scaling the simulated part up would have said, with what a layer costs once counted as often as there are groups.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import simulator
from simulator import Layer, Result
from simulator.api.sampling import sample
from simulator.record.sample import Sampled
from simulator.sparsity.patterns import parse
from validation import markdown

HEADING = (
    "machine", "layer (M x K x N)", "tiles drawn", "seeds", "held, cycles", "held, energy", "bias (%)", "spread (%)",
    "mean +- (%)", "scaled up (%)",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A layer on a machine, and the part that is simulated."""

    machine: str
    shape: tuple[int, int, int]
    pattern: str = ""
    fraction: float = 0.5
    overrides: Mapping[str, str] | None = None

    def layer(self) -> Layer:
        """Rows of weights and columns of inputs whose densities differ: what makes tiles differ."""
        m, k, n = self.shape
        rng = np.random.default_rng(11)
        weights = rng.random((m, k)) < np.clip(rng.beta(2, 4, (m, 1)), 0.02, 1)
        if self.pattern:
            weights = parse(self.pattern).generate((m, k), axis=-1, seed=1)
        inputs = rng.random((k, n)) < np.clip(rng.beta(2, 2, (1, n)), 0.02, 1)
        return simulator.gemm(weights, inputs, pattern=self.pattern or None)


CASES = (
    Case("highlight", (512, 256, 4096), "C1(4:8)->C0(2:4)"),
    Case("tc", (2048, 256, 512)),
    Case("stc_dual", (512, 256, 4096), "2:4"),
    Case("systolic", (128, 64, 1024)),
    Case("dstc", (512, 128, 4096)),
    Case("sigma", (128, 64, 1024), overrides={"mapping.tile.N": "32"}),
    Case("eyeriss_v2_pe", (512, 64, 32)),
)


@dataclass(frozen=True)
class Found:
    """The truth of a case, and its samples."""

    case: Case
    truth: Result
    samples: tuple[Sampled, ...]

    def held(self, of: Callable[[Sampled], simulator.record.sample.Interval], truth: float) -> float:
        """Part of the intervals that hold the truth; what is exact in every digit holds it within rounding."""
        slack = 1e-9 * truth
        told = [of(each) for each in self.samples]
        return float(np.mean([each.low - slack <= truth <= each.high + slack for each in told]))

    @property
    def errors(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Estimated over true cycles, less 1."""
        return np.array([each.cycles.value / self.truth.cycles - 1 for each in self.samples])

    def row(self) -> list[str]:
        """The row of the table."""
        case, layer = self.case, self.samples[0].layers[0]
        drawn = f"{sum(map(len, layer.groups))} of {layer.units} along {layer.rank}"
        half = np.mean([(x.cycles.high - x.cycles.low) / 2 / self.truth.cycles for x in self.samples])
        percents = (100 * self.errors.mean(), 100 * self.errors.std(), 100 * half, 100 * scaled(self))
        return [
            f"`{case.machine}`", " x ".join(map(str, case.shape)), drawn, str(len(self.samples)),
            f"{100 * self.held(lambda x: x.cycles, self.truth.cycles):.0f}%",
            f"{100 * self.held(lambda x: x.energy, self.truth.energy):.0f}%",
            *(f"{value:+.2f}" if i in (0, 3) else f"{value:.2f}" for i, value in enumerate(percents)),
        ]  # fmt: skip


def scaled(found: Found) -> float:
    """Error of cycles per element of the first group, taken for all elements."""
    from simulator.api.sampling import _part
    from simulator.hardware import load, override
    from simulator.lowering import lower
    from simulator.lowering.cuts import cutting, fixed

    machine = override(load(found.case.machine), found.case.overrides or {})
    layer = found.case.layer()
    how, drawn = cutting(machine, layer, lower(machine, layer)), found.samples[0].layers[0]
    cut = next(each for each in how.cuts if each.rank == drawn.rank)
    part, size = _part(layer, how, cut, drawn.groups[0])
    cycles = simulator.simulate(fixed(machine, how), part, verify=False).cycles
    return cycles * cut.size / size / found.truth.cycles - 1


def study(case: Case, seeds: int) -> Found:
    """Sample a case with so many seeds."""
    layer = case.layer()
    truth = simulator.simulate(case.machine, layer, verify=False, overrides=case.overrides)
    samples = tuple(
        sample(case.machine, layer, case.fraction, verify=False, overrides=case.overrides, seed=seed)
        for seed in range(seeds)
    )
    return Found(case, truth, samples)


def main() -> None:
    """Run the study and print its table."""
    options = argparse.ArgumentParser(prog="python -m validation.studies.sampling")
    options.add_argument(
        "names", nargs="*", metavar="NAME", help="machines; all of the study when none is given"
    )
    options.add_argument("--seeds", type=int, default=100)
    options.add_argument("--page", type=Path, help="page whose table is replaced")
    chosen = options.parse_args()
    rows = []
    for case in CASES:
        if not chosen.names or case.machine in chosen.names:
            sys.stderr.write(f"{case.machine}\n")
            rows.append(study(case, chosen.seeds).row())
    text = "\n".join(markdown.table([HEADING, *rows], text=3))
    sys.stdout.write(text + "\n")
    if chosen.page:
        markdown.rewrite(chosen.page, text)


if __name__ == "__main__":
    main()

"""Random small layers and machines small enough that even these fill several tiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import simulator
from simulator import Layer, Machine
from simulator.hardware import override
from simulator.lowering import lower
from simulator.lowering.stationary import build
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.mapping import Tiling
from simulator.sparsity.patterns import parse
from simulator.workload.matrix import GemmView
from validation.oracles.decomposed import Terms
from validation.oracles.nest import Nest

DENSITIES = (0.0, 0.05, 0.5, 0.9, 1.0)


def layer(machine: Machine, seed: int) -> Layer:
    """Ragged shapes, every pattern of the machine in turn, any input density, recorded outputs or none."""
    rng = np.random.default_rng(seed)
    choices = parse(machine.datapath.weights).choices()
    pattern, density = choices[seed % len(choices)], float(rng.choice(DENSITIES))
    family = getattr(machine.datapath, "streamed", None)
    made = (_gemm if (family and seed % 4) or rng.random() < 0.5 else _conv2d)(rng, pattern, density)
    if family is not None and seed % 4:  # structured inputs, each member of the family in turn
        members = parse(family).choices()
        rule = members[seed // 2 % len(members)]
        made = simulator.gemm(made.weights.mask, rule.generate(made.inputs.shape, axis=0, seed=seed))
    made = replace(made, pattern=pattern.text if rng.random() < 0.5 else None)
    if (rates := getattr(machine.datapath, "rates", None)) is not None and seed % 3:
        made = _terms(rng, sorted(rates.numbers), density, two=seed % 3 == 1)
    if rng.random() < 0.6:
        made = made.with_outputs(rng.random(made.einsum.shape("outputs")) < rng.choice(DENSITIES))
    return made


def _terms(rng: np.random.Generator, numbers: list[str], density: float, two: bool) -> Layer:
    """A product of one or two terms in any number formats."""
    narrow = [name for name in numbers if name != "fp16"]
    m, k, n = (int(x) for x in rng.integers(1, (40, 14, 24)))
    parts = [f"{rng.integers(1, 9)}:8 {rng.choice(narrow)}" for _ in range(2)]
    if not two:
        parts = [f"{rng.integers(1, 5)}:4 {rng.choice(numbers)}*{rng.choice(numbers)}"]
    pattern, depth = parse(" + ".join(parts)), 16 * k * len(parts)
    inputs = rng.random((depth, n)) < density
    return simulator.gemm(
        pattern.generate((m, depth), seed=int(rng.integers(99))), inputs, pattern=pattern.text
    )


def _gemm(rng: np.random.Generator, pattern: simulator.sparsity.Pattern, density: float) -> Layer:
    m, k, n = (int(x) for x in rng.integers(1, (40, 80, 24)))
    inputs = rng.random((k, n)) < density
    return simulator.gemm(pattern.generate((m, k), seed=int(rng.integers(99))), inputs)


def _conv2d(rng: np.random.Generator, pattern: simulator.sparsity.Pattern, density: float) -> Layer:
    groups, batch, r, s = (int(x) for x in rng.integers(1, (4, 3, 4, 4)))
    c, m, height, width = (int(x) for x in rng.integers((1, 1, 4, 4), (9, 9, 7, 7)))
    flat = pattern.generate((m * groups, r * s * c), seed=int(rng.integers(99)))
    weights = flat.reshape(m * groups, r, s, c).transpose(0, 3, 1, 2)
    inputs = rng.random((batch, c * groups, height, width)) < density
    stride, padding = rng.integers(1, 4, 2), rng.integers(0, 3, 2)
    pairs = [(int(a), int(b)) for a, b in (stride, padding)]
    return simulator.conv2d(weights, inputs, *pairs, groups=groups)


def small(machine: Machine, seed: int) -> Machine:
    """The machine with fewer rows and columns, narrow memory rows and odd widths."""
    rng = np.random.default_rng([seed, 1])
    choices = {
        "array.rows": [1, 2, 5],
        "array.columns": [1, 4, 7],
        "array.shared_window": ["true", "false", "auto"],
        "array.arrays": [1, 2, 4],
        "glb.row": ["16 B", "24 B", "64 B"],
        "glb.metadata_word": ["8 B"],
        "dram.burst": ["16 B", "64 B"],
        "value_bits.inputs": ["8 b", "4 b"],
        "value_bits.weights": ["8 b", "4 b"],
        "value_bits.outputs": ["8 b", "3 b"],
        "glb.tile_buffers": [1, 2],
        "fetch.rows": [20],
    }
    if getattr(machine.datapath, "window", None) is not None:
        choices["array.rows"] = [2, 5]  # a full row takes two rows of multipliers
    if not machine.components.fetch.variable:
        choices["glb.row"] = ["16 B", "64 B"]
    if getattr(machine.datapath, "schedule", None) is not None:
        choices["datapath.schedule"] = ["in_turn", "interleaved"]
        choices["datapath.rates.fp4"] = [5, 16]
    return override(machine, {path: str(rng.choice(values)) for path, values in choices.items()})


def lowered(machine: Machine, case: Layer, seed: int, chosen: bool = False) -> StationaryLayer:
    """The layer on the machine under the loop nest it is given, or any other."""
    found = lower(machine, case)
    assert isinstance(found, StationaryLayer)
    return found if chosen else other_nest(found, seed)


def other_nest(found: Any, seed: int) -> Any:
    """The same layer of a stationary machine under any other loop nest."""
    rng, g = np.random.default_rng([seed, 2]), found.context.geometry
    tiling = Tiling(
        str(rng.choice(["M", "N"])),
        int(rng.integers(1, 5)),
        int(rng.integers(1, g.windows + 1)),
        (int(rng.integers(3)), int(rng.integers(3))),
    )
    context = replace(found.context, tiling=tiling)
    return replace(found, plan=build(context, found.outputs), context=context)


def nest(found: StationaryLayer) -> Nest:
    """What was decided, as plain numbers."""
    g, t = found.context.geometry, found.context.tiling
    hold = dict(zip(("weights", "inputs"), t.hold, strict=True))
    tile = (g.rows, g.columns, g.abreast, g.window)
    machine, spans = found.context.machine, tuple[range, ...]()
    if machine.datapath.kind == "decomposed":
        spans = Terms(machine, found.code.pattern, g.K).windows()
    return Nest(g.groups, g.M, g.N, g.K, *tile, t.outer, t.block, t.windows, hold, g.cuts, spans)


def outputs(view: GemmView) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
    """Recorded non-zeros of the outputs as (groups, M, N), one by one."""
    recorded = view.layer.outputs_mask
    if recorded is None:
        return None
    mask = np.asarray(recorded.mask)
    if mask.ndim == 2:
        return mask[None]
    found = np.zeros((view.groups, view.M, view.N), dtype=bool)
    batch, channels, height, width = mask.shape
    for b in range(batch):
        for channel in range(channels):
            for p in range(height):
                for q in range(width):
                    group, m = divmod(channel, view.M)
                    found[group, m, (b * height + p) * width + q] = mask[b, channel, p, q]
    return found

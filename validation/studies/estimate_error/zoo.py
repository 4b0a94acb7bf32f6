"""Machines of hwconfigs/ on what they support: the layers of a recorded trace, and products of drawn matrices.

Every machine is given weights in patterns it supports, with up to three quarters of them zero, and inputs that are anywhere,
with up to three quarters of them zero. A layer that a machine or a model refuses is left out and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import simulator
from simulator.api import lowered_layer
from simulator.comparison import Ladder
from simulator.comparison.subjects import layer_subject
from simulator.errors import InfeasibleError, InputError
from simulator.hardware import load
from simulator.lowering.views.view import average_density, view
from simulator.registry import resolve
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer
from simulator.workload.named import trace_path
from simulator.workload.trace_file import load as load_trace
from validation.studies.estimate_error.sample import MODELS, Sample

MACHINES: dict[str, tuple[str, ...]] = {
    "tc": ("dense", "unstructured(1/2)"),
    "stc": ("dense", "2:4"),
    "stc_flexible": ("2:4", "2:6", "2:8"),
    "stc_dual": ("2:4", "2:6", "2:8"),
    "highlight": ("dense", "C1(4:4)->C0(2:4)", "C1(4:8)->C0(2:4)"),
    "dstc": ("unstructured(1/2)", "unstructured(1/4)"),
    "eyeriss_v2_pe": ("unstructured(1/2)", "unstructured(1/4)"),
}
"""Patterns of the weights, by machine."""
INPUTS = ("unstructured(1/4)", "unstructured(1/2)", "unstructured(3/4)", "dense")
SHAPES = ((64, 64, 256), (128, 32, 512), (32, 256, 128))
"""M, N, K."""
TRACE, LAYERS = "digits_cnn", ("s50/", "s67/")

Told = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """Layers whose average density is what is declared of each."""

    name: str
    layers: tuple[Layer, ...]


def samples(machine: str, told: Told, quick: bool = False) -> Iterator[Sample]:
    """Every model's comparison of every layer a machine runs."""
    hardware = load(machine)
    for case in cases(machine, quick):
        declared = average_density(case.layers)
        for layer in case.layers:
            try:
                lowered = lowered_layer(hardware, layer)
                point = view(hardware, lowered, declared)
            except (InputError, InfeasibleError) as error:
                told(f"{machine} leaves out {layer.name}: {str(error)[:120]}")
                continue
            ladder = Ladder(
                layer_subject(layer.name, lowered, hardware.table, point), resolve("engine", "fast")
            )
            try:
                found = {model: ladder.compare(resolve("model", model)) for model in MODELS}
            except (InputError, InfeasibleError) as error:
                told(f"{machine} leaves out {layer.name}: {str(error)[:120]}")
                continue
            yield from (Sample(machine, case.name, layer.name, model, each) for model, each in found.items())


def cases(machine: str, quick: bool = False) -> Iterator[Case]:
    """The trace as a whole, and every product on its own: its densities are declared as they are."""
    trace = load_trace(trace_path(TRACE))
    yield Case(TRACE, tuple(layer for layer in trace.layers if layer.name.startswith(LAYERS)))
    for shape in SHAPES[:1] if quick else SHAPES:
        for weights in MACHINES[machine]:
            yield from (Case("products", (product(shape, weights, inputs),)) for inputs in INPUTS)


def product(shape: tuple[int, int, int], weights: str, inputs: str) -> Layer:
    """A product of drawn matrices, its weights' pattern not declared."""
    m, n, k = shape
    a = parse(weights).generate((m, k), axis=-1, seed=1)
    b = parse(inputs).generate((k, n), axis=0, seed=2)
    return simulator.gemm(a, b, f"{m}x{n}x{k} {weights} x {inputs}")

"""Machines as design points: the nest covers the layer, fits the machine, and moves what the machine moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.analytical import maestro
from simulator.api import design_point, lowered_layer
from simulator.errors import InputError
from simulator.hardware import load
from simulator.hardware import names as machines
from simulator.lowering.views.loops import cut
from simulator.mapping.design_point import DesignPoint
from simulator.registry import names
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer, conv2d, gemm

TOLD = [name for name in machines() if load(name).organisation in names("design_point")]
UNTOLD = {
    *("vegeta", "ttc_stc_m4", "ttc_stc_m8", "ttc_vegeta_m4", "ttc_vegeta_m8"),
    *("s2ta", "highlight_dsso", "sdq_tc"),
}
"""Of those organisations, machines whose rows or steps differ with the data."""


@pytest.mark.parametrize(
    ("size", "pieces"), [(100, [32, 8, 1]), (7, [64, 16, 1]), (64, [64, 1]), (65, [64, 4, 1])]
)
def test_cut_reaches_every_element_once(size: int, pieces: list[int]) -> None:
    loops = cut("k", size, [(piece, "") for piece in pieces])
    units = [min([size, *pieces[: i + 1]]) for i in range(len(pieces))]
    reached: list[int] = []

    def run(at: int, first: int, last: bool) -> None:
        if at == len(loops):
            reached.append(first)
            return
        count = loops[at].last if last else loops[at].bound
        for i in range(count):
            run(at + 1, first + i * units[at], last and i == count - 1)

    run(0, 0, True)
    assert reached == list(range(size))


def layer(machine: str, m: int, n: int, k: int, seed: int = 0) -> Layer:
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 9, (m, k)).astype(np.int8)
    sparsest = list(parse(load(machine).datapath.weights).choices())[-1]
    weights *= sparsest.prune(rng.normal(size=(m, k)), axis=-1)
    inputs = rng.integers(0, 2, (k, n)).astype(np.int8)
    return gemm(weights, inputs, name=f"{m}x{n}x{k}")


def told(machine: str, m: int, n: int, k: int) -> DesignPoint:
    return design_point(load(machine), layer(machine, m, n, k))


@pytest.mark.parametrize("machine", sorted(set(TOLD) - UNTOLD))
@pytest.mark.parametrize(("m", "n", "k"), [(256, 256, 256), (100, 70, 130), (1, 1, 1), (300, 1000, 48)])
def test_the_nest_covers_the_layer_and_fits_the_machine(machine: str, m: int, n: int, k: int) -> None:
    point = told(machine, m, n, k)
    loops = [loop for _, loop in point.nest.loops()]
    for rank, size in point.product.ranks:
        own = [loop for loop in loops if loop.rank == rank]
        assert all(1 <= loop.last <= loop.bound for loop in own)
        assert math.prod(loop.bound for loop in own) >= size
        assert math.prod([loop.bound for loop in own[:-1]]) < size or size == 1
    for here, below in zip(point.hierarchy.storage, point.hierarchy.storage[1:], strict=False):
        spread = math.prod(loop.bound for loop in point.nest.levels[point.hierarchy.level(here.name)].spatial)
        assert spread <= below.instances // here.instances or point.features.at(here.name).rules
    assert set(point.energies.energy_pj) <= {s.name for s in point.hierarchy.storage} | {
        point.hierarchy.compute.name
    }


@pytest.mark.parametrize("machine", ["vegeta", "s2ta"])
def test_rows_and_steps_that_differ_with_the_data_are_refused(machine: str) -> None:
    with pytest.raises(InputError, match=rf"machine '{machine}' has no design point"):
        told(machine, 64, 64, 64)


def test_an_organisation_without_a_view_is_named_with_those_that_have_one() -> None:
    with pytest.raises(
        InputError, match=r"'systolic' cannot be told as a design point; those that can: .*stationary"
    ):
        design_point(load("systolic"), layer("tc", 16, 16, 16))


@pytest.mark.parametrize(
    ("m", "n", "k"), [(256, 512, 256), (128, 2048, 1024), (2048, 128, 1024), (1024, 1024, 1024)]
)
def test_the_dense_core_moves_what_its_nest_says(m: int, n: int, k: int) -> None:
    lowered = lowered_layer(load("tc"), layer("tc", m, n, k))
    reads = maestro.estimate(told("tc", m, n, k)).levels[0].tensors
    moved = lowered.traffic["dram"]
    assert reads["weights"]["reads"].actual == moved["weights"]
    assert reads["inputs"]["reads"].actual == moved["inputs"]
    assert reads["outputs"]["updates"].actual == moved["outputs"]


def test_a_convolution_says_that_it_is_expanded() -> None:
    rng = np.random.default_rng(0)
    conv = conv2d(
        rng.integers(1, 5, (8, 4, 3, 3)).astype(np.int8), rng.integers(0, 3, (1, 4, 9, 9)).astype(np.int8)
    )
    point = design_point(load("highlight"), conv)
    assert any("expanded" in note for note in point.unmodelled)
    assert dict(point.product.ranks) == {"m": 8, "n": 49, "k": 36}

"""Recorded layers and arrays as the operands of a design point, and results of design points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from lowering.nest.points import product, storage

import simulator
from simulator.energy.reference_table import ReferenceTable
from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Hierarchy
from simulator.lowering.nest import drawn, of_file, of_layer
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.matrix import flat_weights
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Product, access


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("int8")


def point(shape: Product) -> DesignPoint:
    """One memory, ranks in their order."""
    loops = tuple(Loop(rank, size, size) for rank, size in shape.ranks if size > 1)
    nest = Nest((LevelNest("buffer", loops, (), frozenset(t.name for t in shape.tensors)),))
    hierarchy = Hierarchy(
        "machine", (storage("buffer", block_size=2),), Compute("mac", "top.mac", 1, 1, 1, 16)
    )
    table = ReferenceTable({"buffer": {"read": 2.0, "write": 3.0}, "mac": {"compute": 5.0}})
    return DesignPoint("tiny", shape, hierarchy, nest, energies=table)


def test_a_matrix_product_is_transposed_as_the_projection_says():
    weights, inputs = values(5, 4), values(4, 3)
    found = of_layer(product("gemm", {"m": 5, "n": 3, "k": 4}), simulator.gemm(weights, inputs))
    np.testing.assert_array_equal(found["A"], weights)
    np.testing.assert_array_equal(found["B"], inputs.T)


def test_a_convolution_brings_its_padding():
    ranks = {"m": 3, "c": 2, "p": 6, "q": 6, "r": 3, "s": 3}
    terms = {"Weights": "mcrs", "Outputs": "mpq"}
    one = {name: access(name, tuple(((r, 1),) for r in own), ranks) for name, own in terms.items()}
    inputs = access("Inputs", ((("c", 1),), (("p", 1), ("r", 1)), (("q", 1), ("s", 1))), ranks)
    shape = Product("conv", tuple(ranks.items()), (one["Weights"], inputs), one["Outputs"])
    weights, image = values(3, 2, 3, 3), values(1, 2, 6, 6)
    layer = simulator.conv2d(weights, image, padding=1)
    found = of_layer(shape, layer)
    np.testing.assert_array_equal(found["Inputs"], np.pad(image[0], ((0, 0), (1, 1), (1, 1))))
    result = simulator.simulate(point(shape), layer).layers[0]
    assert result.verification.outputs == 3 * 6 * 6
    assert result.name == layer.name


def test_a_convolution_may_be_its_matrix_product():
    weights, image = values(3, 2, 3, 3), values(1, 2, 6, 6)
    layer = simulator.conv2d(weights, image)
    found = of_layer(product("gemm", {"m": 3, "n": 16, "k": 18}), layer)
    np.testing.assert_array_equal(found["A"], flat_weights(weights))


def test_a_square_layer_needs_names():
    layer = simulator.gemm(values(4, 4), values(4, 4).T)
    with pytest.raises(InputError, match="in several ways; call the weights Weights"):
        of_layer(product("gemm", {"m": 4, "n": 4, "k": 4}), layer)


def test_a_layer_of_another_shape_is_refused():
    with pytest.raises(
        InputError, match=r"weights \(5, 4\), inputs \(4, 3\) do not fit .* A \(5, 6\), B \(3, 6\)"
    ):
        of_layer(product("gemm", {"m": 5, "n": 3, "k": 6}), simulator.gemm(values(5, 4), values(4, 3)))


def test_arrays_of_a_file_have_the_names_of_the_operands():
    shape = product("gemm", {"m": 2, "n": 2, "k": 2})
    arrays = {"A": values(2, 2), "B": values(2, 2), "more": values(1)}
    assert set(of_file(arrays, shape, "x.npz")) == {"A", "B"}
    with pytest.raises(InputError, match=r"x.npz: has no array B; it has A, and .* needs A, B"):
        of_file({"A": values(2, 2)}, shape, "x.npz")


def test_drawn_operands_are_told():
    spec = point(product("gemm", {"m": 4, "n": 4, "k": 4}))
    spec.occupancy["A"] = Occupancy("hypergeometric", Fraction(1, 4))
    arrays, told = drawn(spec, 3)
    assert np.count_nonzero(arrays["A"]) == 4
    assert told == (
        "A drawn with seed 3: hypergeometric, 0.25 of its elements non-zero",
        "B drawn with seed 3: dense",
    )


def test_results_of_design_points_are_equal_on_both_engines_and_paid_for():
    spec = point(product("gemm", {"m": 4, "n": 3, "k": 5}))
    tensors = {"A": np.ones((4, 5), int), "B": np.ones((3, 5), int)}
    fast, slow = (simulator.simulate(spec, tensors=tensors, engine=name) for name in ("fast", "reference"))
    assert fast.digest == slow.digest
    layer = fast.layers[0]
    assert layer.macs == {"dense": 60, "effectual": 60, "slots": 60}
    # words in vectors of two: 60 of A, 60 of B, 60 - 12 sums again at 2 pJ; 60 updates at 3 pJ; 60 products at 5 pJ
    assert layer.energy == pytest.approx((60 + 60 + 48) / 2 * 2 + 60 / 2 * 3 + 60 * 5)
    assert layer.shape == {"m": 4, "k": 5, "n": 3}
    assert layer.bound == "compute"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"overrides": {"a": "b"}}, "takes no overrides"),
        (
            {"workload": simulator.gemm(values(4, 5), values(5, 3)), "tensors": {}},
            "a trace or tensors, not both",
        ),
    ],
)
def test_what_a_design_point_does_not_take(more, message):
    with pytest.raises(InputError, match=message):
        simulator.simulate(point(product("gemm", {"m": 4, "n": 3, "k": 5})), **more)


def test_a_machine_takes_no_tensors():
    with pytest.raises(InputError, match="takes a layer or a trace, not tensors"):
        simulator.simulate("highlight", tensors={})
    with pytest.raises(InputError, match="needs a layer or a trace"):
        simulator.simulate("highlight")

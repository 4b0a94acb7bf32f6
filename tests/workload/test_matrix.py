"""The matrix view against a direct convolution written as loops, and against numpy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.workload import matrix
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.matrix import GemmView
from simulator.workload.standin import standins
from simulator.workload.tensor import Tensor


class PerTile(GemmView):
    """The view of an operand too large to hold."""

    @staticmethod
    def _holds(tensor: Tensor) -> bool:
        return False


@st.composite
def convolutions(draw, dtype=np.int8) -> tuple[np.ndarray, np.ndarray, dict]:
    """Weights, inputs and options of a small convolution."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    groups, m, c, batch = (draw(st.integers(1, 3)) for _ in range(4))
    kernel, dilation, padding, stride = pair(1, 3), pair(1, 2), pair(0, 2), pair(1, 3)
    spans = [max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding, strict=True)]
    size = [span + draw(st.integers(0, 5)) for span in spans]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = rng.integers(-3, 4, (groups * m, c, *kernel)).astype(dtype)
    inputs = rng.integers(-3, 4, (batch, groups * c, *size)).astype(dtype)
    return weights, inputs, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def direct(weights: np.ndarray, inputs: np.ndarray, options: dict) -> np.ndarray:
    """Z by the definition: one padded window per output."""
    (sh, sw), (ph, pw), (dh, dw) = (options[k] for k in ("stride", "padding", "dilation"))
    groups = options["groups"]
    padded = np.pad(inputs.astype(np.int64), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    filters, channels, r, s = weights.shape
    p = (padded.shape[2] - dh * (r - 1) - 1) // sh + 1
    q = (padded.shape[3] - dw * (s - 1) - 1) // sw + 1
    out = np.zeros((len(inputs), filters, p, q), dtype=np.int64)
    for b, m, y, x in itertools.product(*(range(n) for n in out.shape)):
        first = (m // (filters // groups)) * channels
        rows = slice(y * sh, y * sh + dh * (r - 1) + 1, dh)
        columns = slice(x * sw, x * sw + dw * (s - 1) + 1, dw)
        out[b, m, y, x] = (weights[m] * padded[b, first : first + channels, rows, columns]).sum()
    return out


def by_group(outputs: np.ndarray, view: GemmView) -> np.ndarray:
    batch, _, p, q = outputs.shape
    split = outputs.reshape(batch, view.groups, view.M, p * q)
    return split.transpose(1, 2, 0, 3).reshape(view.groups, view.M, view.N)


def tile(view: GemmView, seed: int) -> tuple[int, int, int, int]:
    rng = np.random.default_rng(seed)
    k0, k1 = sorted(rng.integers(0, view.K + 1, 2))
    n0, n1 = sorted(rng.integers(0, view.N + 1, 2))
    return int(k0), int(k1), int(n0), int(n1)


@settings(deadline=None)
@given(convolutions(), st.integers(0, 99), st.booleans())
def test_convolution(case: tuple, seed: int, held: bool) -> None:
    weights, inputs, options = case
    view = (GemmView if held else PerTile)(conv2d(weights, inputs, **options))
    expected = by_group(direct(weights, inputs, options), view)
    k0, k1, n0, n1 = tile(view, seed)
    for group in range(view.groups):
        whole = view.inputs(group, 0, view.K, 0, view.N)
        product = view.weights(group).astype(np.int64) @ whole.astype(np.int64)
        np.testing.assert_array_equal(product, expected[group])
        np.testing.assert_array_equal(view.reference(group, 0, view.M, n0, n1), expected[group][:, n0:n1])
        part = view.inputs(group, k0, k1, n0, n1)
        np.testing.assert_array_equal(part, whole[k0:k1, n0:n1])
        np.testing.assert_array_equal(view.inputs_mask(group, k0, k1, n0, n1), part != 0)
        np.testing.assert_array_equal(view.weights_mask(group), view.weights(group) != 0)


@settings(deadline=None)
@given(convolutions(), st.integers(0, 99), st.booleans())
def test_unique_inputs(case: tuple, seed: int, held: bool) -> None:
    """Against np.unique over the element numbers a tile of their own Toeplitz matrix shows."""
    weights, inputs, options = case
    numbers = np.arange(1, inputs.size + 1, dtype=np.int32).reshape(inputs.shape)
    view = (GemmView if held else PerTile)(conv2d(weights, inputs, **options))
    oracle = GemmView(conv2d(weights, numbers, **options))
    k0, k1, n0, n1 = tile(view, seed)
    for group in range(view.groups):
        seen = np.unique(oracle.inputs(group, k0, k1, n0, n1))
        seen = seen[seen > 0] - 1
        expected = len(seen), int(np.count_nonzero(inputs.reshape(-1)[seen]))
        assert view.unique_inputs(group, k0, k1, n0, n1) == expected
        rows, columns = np.array([k0, k1, view.K]), np.array([0, n0, n1])
        tiles = view.unique_tiles(group, rows, columns)
        assert tuple(tiles[1, 0].tolist()) == expected
        assert all(
            tuple(tiles[j, i].tolist()) == view.unique_inputs(group, *rows[i : i + 2], *columns[j : j + 2])
            for j in range(2)
            for i in range(2)
        )


@pytest.mark.parametrize("kernel", [(1, 1), (1, 3), (3, 1), (3, 3), (5, 5)])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (8, 8)])
def test_as_many_outputs_as_inputs(kernel: tuple[int, int], dilation: int, size: tuple[int, int]) -> None:
    """Rows that are copied whole: zeros beyond every side, from image to image, however far a tap reaches."""
    rng = np.random.default_rng(4)
    inputs = rng.integers(1, 99, (3, 2, *size)).astype(np.int8)
    weights = rng.integers(-9, 9, (2, 2, *kernel)).astype(np.int8)
    padding = tuple(dilation * (n - 1) // 2 for n in kernel)
    options = {"stride": 1, "padding": padding, "dilation": dilation, "groups": 1}
    view = GemmView(conv2d(weights, inputs, **options))
    padded = np.pad(inputs, ((0, 0), (0, 0), *((p, p) for p in padding)))
    taps = [(dilation * r, dilation * s) for r in range(kernel[0]) for s in range(kernel[1])]
    expected = np.concatenate(
        [padded[:, :, y : y + size[0], x : x + size[1]].transpose(1, 0, 2, 3).reshape(2, -1) for y, x in taps]
    )
    np.testing.assert_array_equal(view.inputs(0, 0, view.K, 0, view.N), expected)
    for seed in range(5):
        k0, k1, n0, n1 = tile(view, seed)
        np.testing.assert_array_equal(view.inputs(0, k0, k1, n0, n1), expected[k0:k1, n0:n1])


@pytest.mark.nojit
def test_more_positions_than_a_byte_counts() -> None:
    inputs = np.random.default_rng(6).integers(0, 2, (2, 3, 20, 20)).astype(np.int8)
    view = GemmView(conv2d(np.ones((2, 3, 3, 3), np.int8), inputs, padding=1))
    assert view.unique_inputs(0, 0, 27, 0, 800) == (2400, np.count_nonzero(inputs))


def test_gemm_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-9, 9, (7, 11)).astype(np.int16)
    inputs = rng.integers(-9, 9, (11, 13)).astype(np.int8)
    for held in (matrix.HELD, 0):
        monkeypatch.setattr(matrix, "HELD", held)
        view = GemmView(gemm(weights, inputs))
        assert (view.groups, view.M, view.N, view.K) == (1, 7, 13, 11)
        assert view.operands == "recorded integers"
        np.testing.assert_array_equal(view.weights(0), weights)
        np.testing.assert_array_equal(view.inputs(0, 2, 9, 3, 5), inputs[2:9, 3:5])
        box = inputs[2:9, 3:5]
        assert view.unique_inputs(0, 2, 9, 3, 5) == (14, np.count_nonzero(box))
        expected = weights.astype(np.int64) @ inputs.astype(np.int64)
        np.testing.assert_array_equal(view.reference(0, 1, 4, 2, 8), expected[1:4, 2:8])


def masks(seed: int) -> Layer:
    rng = np.random.default_rng(seed)
    return gemm(rng.random((6, 40)) < 0.5, rng.standard_normal((40, 9)) * (rng.random((40, 9)) < 0.5))


def test_standins_sit_on_the_recorded_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = masks(3)
    view = GemmView(layer, seed=5)
    np.testing.assert_array_equal(view.weights(0) != 0, layer.weights.mask)
    whole = view.inputs(0, 0, view.K, 0, view.N)
    np.testing.assert_array_equal(whole != 0, layer.inputs.mask)
    assert set(np.unique(whole)) <= set(range(-7, 8))
    expected = view.weights(0).astype(int) @ whole.astype(int)
    np.testing.assert_array_equal(view.reference(0, 0, view.M, 0, view.N), expected)
    assert "weights (mask) and inputs (float64)" in view.operands
    assert "seed 5" in view.operands
    assert not np.array_equal(view.integers(6).weights(0), view.weights(0))
    monkeypatch.setattr(matrix, "HELD", 0)
    np.testing.assert_array_equal(GemmView(layer, seed=5).inputs(0, 3, 9, 2, 8), whole[3:9, 2:8])


def test_all_standins_occur_about_equally_often() -> None:
    values, counts = np.unique(standins(np.ones((100, 700)), 0, 700, 0, 0), return_counts=True)
    assert values.tolist() == [v for v in range(-7, 8) if v]
    assert (abs(counts - 5000) < 400).all()


def test_large_products_are_exact_or_refused() -> None:
    big = np.full((1, 2), 2**31 - 1, dtype=np.int32)
    view = GemmView(gemm(big, big.T.copy()))
    assert view.reference(0, 0, 1, 0, 1)[0, 0] == 2 * (2**31 - 1) ** 2
    big = np.full((1, 3), 2**31 - 1, dtype=np.int32)
    with pytest.raises(InputError, match="may not fit in 64 bits"):
        GemmView(gemm(big, big.T.copy())).reference(0, 0, 1, 0, 1)


def test_tiles_outside_are_refused() -> None:
    view = GemmView(masks(0))
    for ask in [
        lambda: view.inputs(0, 0, 41, 0, 1),
        lambda: view.inputs_mask(0, 0, 1, -1, 1),
        lambda: view.weights(1),
        lambda: view.unique_inputs(1, 0, 1, 0, 1),
        lambda: view.reference(0, 0, 7, 0, 1),
    ]:
        with pytest.raises(InputError, match="must lie within"):
            ask()


@pytest.mark.parametrize("kind", [GemmView, PerTile])
def test_an_image_holds_the_inputs_of_its_group(kind: type[GemmView]) -> None:
    rng = np.random.default_rng(6)
    inputs = rng.integers(-3, 4, (3, 4, 5, 6)).astype(np.int8)
    view = kind(conv2d(rng.integers(1, 4, (2, 2, 3, 3)).astype(np.int8), inputs, groups=2))
    for group in range(2):
        for number in range(3):
            expected = inputs[number, 2 * group : 2 * group + 2]
            assert np.array_equal(view.image(group, number), expected)
            assert np.array_equal(view.image_mask(group, number), expected != 0)
    with pytest.raises(InputError, match=r"image 3\.\.4: must lie within 0\.\.3"):
        view.image(0, 3)


@pytest.mark.parametrize("kind", [GemmView, PerTile])
def test_the_inputs_of_a_product_are_one_image_of_a_line(kind: type[GemmView]) -> None:
    inputs = np.random.default_rng(7).integers(-3, 4, (5, 6)).astype(np.int8)
    view = kind(gemm(np.ones((2, 5), np.int8), inputs))
    assert np.array_equal(view.image(0, 0), inputs[:, None])
    assert np.array_equal(view.image_mask(0, 0), inputs[:, None] != 0)

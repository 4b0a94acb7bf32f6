"""Against a plain oracle, the exact properties of a series, and what share of random tensors it covers."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import InputError
from simulator.transform.tasd import decompose, parse

SERIES = ("1:8", "2:4", "4:8", "2:8+1:8", "2:4+1:8", "2:4+2:8", "4:8+4:8", "1:2+1:4+1:16", "1:3+1:5")


def oracle(array: NDArray[Any], text: str, axis: int) -> list[NDArray[Any]]:
    """Terms, then what is left: blocks one by one, sorted."""
    left = np.moveaxis(np.array(array), axis, -1).copy()
    parts = []
    for n, m in parse(text).terms:
        term = np.zeros_like(left)
        for index in np.ndindex(left.shape[:-1]):
            for start in range(0, left.shape[-1], m):
                block = left[index][start : start + m]
                for j in sorted(range(len(block)), key=lambda j: (-abs(float(block[j])), j))[:n]:
                    term[index][start + j] = block[j]
                    block[j] = 0
        parts.append(np.moveaxis(term, -1, axis))
    return [*parts, np.moveaxis(left, -1, axis)]


@pytest.mark.parametrize("seed", range(24))
def test_terms_are_those_of_blocks_sorted_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    text = SERIES[seed % len(SERIES)]
    axis = int(rng.integers(-3, 3))
    shape = [int(x) for x in rng.integers(1, 5, 3)]
    shape[axis] = parse(text).length * int(rng.integers(1, 4))
    kind = (np.float32, np.float64, np.int8, np.float16, np.int32, np.int64, np.uint8)[seed % 7]
    values = np.rint(rng.standard_normal(shape) * 40).clip(-128, 127)
    values *= rng.random(shape) < rng.choice([0.2, 0.7, 1])
    array = values.astype(kind)
    found = decompose(array, text, axis)
    for part, expected in zip([*found.terms, found.residual], oracle(array, text, axis), strict=True):
        assert part.dtype == array.dtype
        np.testing.assert_array_equal(part, expected)


def test_the_most_negative_integer_is_the_largest_magnitude() -> None:
    found = decompose(np.array([127, -128, 1, 0], dtype=np.int8), "1:4")
    assert found.terms[0].tolist() == [0, -128, 0, 0]


def test_masks_and_ties_go_to_the_lower_coordinate() -> None:
    found = decompose(np.array([False, True, True, True]), "2:4")
    assert found.terms[0].tolist() == [False, True, True, False]
    assert found.dropped_nonzeros == 1


def random(seed: int, density: float = 0.6) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((20, 48)) * (rng.random((20, 48)) < density)).astype(np.float32)


@pytest.mark.parametrize("text", ["1:8", "2:4+1:8", "2:4+2:8", "4:8+2:8", "1:4+1:4+1:8"])
@pytest.mark.parametrize("seed", range(4))
def test_exact_properties(text: str, seed: int) -> None:
    array = random(seed, (0.1, 0.4, 0.8, 1.0)[seed])
    found = decompose(array, text)
    support = np.zeros(array.shape, dtype=int)
    bound, left = 1.0, array
    for (n, m), term in zip(parse(text).terms, found.terms, strict=True):
        assert np.count_nonzero(term.reshape(-1, m), axis=1).max() <= n
        support += term != 0
        bound *= 1 - n / m
        left = left - term
        for power in (1, 2):
            before, after = (float((np.abs(x.astype(float)) ** power).sum()) for x in (array, left))
            assert after <= bound * before + 1e-9
    assert support.max() <= 1  # disjoint
    np.testing.assert_array_equal(sum(found.terms) + found.residual, array)
    np.testing.assert_array_equal(sum(found.terms), np.where(support, array, 0))
    np.testing.assert_array_equal(found.approximation, sum(found.terms))
    assert found.dropped_nonzeros == np.count_nonzero(found.residual)
    assert found.dropped_magnitude == pytest.approx(float(np.abs(found.residual).sum()), rel=1e-6)
    product = random(seed + 10, 1.0).T.astype(float)
    error = np.linalg.norm(
        array.astype(float) @ product - sum(t.astype(float) @ product for t in found.terms)
    )
    assert error <= np.linalg.norm(found.residual) * np.linalg.norm(product, 2) + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_what_one_term_drops(seed: int) -> None:
    array = random(seed)
    for n, m in ((1, 4), (2, 8), (4, 8)):
        blocks = np.count_nonzero(array.reshape(-1, m), axis=1)
        assert decompose(array, f"{n}:{m}").dropped_nonzeros == np.maximum(0, blocks - n).sum()


@pytest.mark.parametrize("seed", range(5))
def test_terms_of_one_block_length_are_one_larger_term(seed: int) -> None:
    array = random(seed, 1.0)
    one, two = decompose(array, "3:8"), decompose(array, "2:8+1:8")
    np.testing.assert_array_equal(one.approximation, two.approximation)


def test_two_of_four_and_two_of_eight_are_six_of_eight_but_one_more_is_not_five() -> None:
    array = random(0, 1.0)
    np.testing.assert_array_equal(
        decompose(array, "2:4+2:8").approximation, decompose(array, "6:8").approximation
    )
    assert (decompose(array, "2:4+1:8").approximation != decompose(array, "5:8").approximation).any()


def test_lossless_when_every_block_fits() -> None:
    array = np.tile(np.array([0, 3, 0, -1], dtype=np.int8), (3, 4))
    assert decompose(array, "2:4").dropped_nonzeros == 0
    assert decompose(array, "1:4+1:8").dropped_nonzeros > 0


TABLE = {  # share of non-zeros and of magnitude kept, by density, of Gaussian values under an independent mask
    "1:8": "1.0 .125/.279, .5 .249/.446, .2 .519/.686, .05 .841/.904",
    "1:4": "1.0 .250/.459, .5 .469/.655, .2 .738/.841, .05 .928/.957",
    "2:8": "1.0 .250/.484, .5 .490/.715, .2 .830/.920, .05 .984/.994",
    "2:8+1:8": "1.0 .375/.644, .5 .704/.873, .2 .957/.985, .05 .999/1",
    "2:4": "1.0 .500/.745, .5 .813/.916, .2 .963/.985, .05 .998/.999",
    "4:8": "1.0 .500/.768, .5 .863/.954, .2 .993/.998, .05 1/1",
    "2:4+1:8": "1.0 .625/.859, .5 .944/.983, .2 .997/.999, .05 1/1",
    "4:8+1:8": "1.0 .625/.864, .5 .954/.988, .2 .999/1, .05 1/1",
    "2:4+1:4": "1.0 .750/.918, .5 .969/.990, .2 .998/.999, .05 1/1",
    "2:4+2:8": "1.0 .750/.933, .5 .990/.998, .2 1/1, .05 1/1",
}
SQUARES = {
    "1:8": 0.569,
    "1:4": 0.382,
    "2:8": 0.335,
    "2:8+1:8": 0.193,
    "2:4": 0.132,
    "4:8": 0.103,
    "2:4+2:8": 0.019,
}


@pytest.mark.parametrize("text", TABLE)
def test_coverage_of_random_tensors(text: str) -> None:
    rng = np.random.default_rng(7)
    values, draw = rng.standard_normal((1000, 800)), rng.random((1000, 800))
    for entry in TABLE[text].split(", "):
        density, _, shares = entry.partition(" ")
        found = decompose(values * (draw < float(density)), text)
        kept = 1 - found.dropped_nonzeros / found.nonzeros, 1 - found.dropped_magnitude / found.magnitude
        expected = [float(share) for share in shares.split("/")]
        assert kept == pytest.approx(expected, abs=0.0035)  # both tell three digits of 800,000 samples
    if text in SQUARES:
        found = decompose(values, text)
        assert found.dropped_squares / float((values**2).sum()) == pytest.approx(SQUARES[text], abs=0.003)


def test_an_axis_is_filled_up_only_when_asked_to() -> None:
    array = np.arange(1.0, 11.0)
    with pytest.raises(
        InputError, match=r"blocks of 4 \(term 2:4\) do not divide the 10 coordinates of axis 0"
    ):
        decompose(array, "2:4")
    assert decompose(array, "2:4", pad=True).terms[0].tolist() == [0, 0, 3, 4, 0, 0, 7, 8, 9, 10]
    # blocks divide 12, though 24 is where both begin again
    assert decompose(np.arange(1.0, 13.0), "1:4+1:6+1:12").dropped_nonzeros == 12 - 3 - 2 - 1


@pytest.mark.parametrize(
    ("array", "series", "axis", "rule"),
    [
        (np.ones((4, 8)), "2:4", 2, "axis 2 of an array of shape (4, 8): must be -2 to 1"),
        (np.ones((4, 8)), "2:4", -3, "axis -3"),
        (np.ones((4, 8)), "2:4", True, "axis True"),
        (np.ones(()), "2:4", 0, "has no axis"),
        (np.ones(8, complex), "2:4", 0, "real numbers"),
        ([1, 2], "2:4", 0, "real numbers"),
        (np.array([1.0, 0, np.nan, 2]), "2:4", 0, "element (2,) is nan"),
        (np.array([[1.0, -np.inf, 1, 2]], np.float32), "2:4", 1, "element (0, 1) is -inf"),
        (np.array([1, 2, 3, np.inf], np.float16), "2:4", 0, "element (3,) is inf"),
        (np.array([1, 2, 3, 1 << 63], np.uint64), "2:4", 0, "must lie within"),
        (np.ones(8), "2:x", 0, "is no term N:M"),
    ],
)
def test_bad_input_is_one_clear_error(array: Any, series: str, axis: int, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        decompose(array, series, axis)
    assert rule in str(caught.value)


def test_nothing_is_nothing() -> None:
    assert decompose(np.zeros((0, 8)), "2:4").dropped_nonzeros == 0
    assert decompose(np.zeros((2, 0)), "2:4").terms[0].shape == (2, 0)

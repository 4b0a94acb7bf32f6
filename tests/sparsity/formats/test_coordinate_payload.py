from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.formats import CoordinatePayload
from simulator.sparsity.patterns import Hss

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)
RULE = st.tuples(st.integers(1, 4), st.integers(0, 4)).map(lambda r: (r[0], r[0] + r[1]))


def log2(choices: int) -> int:
    return math.ceil(math.log2(choices))


@PROPERTY
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 90), st.floats(0, 1), st.integers(0, 99))
def test_two_rank_lists_by_the_definition(h1: int, h0: int, coords: int, density: float, seed: int) -> None:
    row = np.random.default_rng(seed).random(coords) < density
    metadata = 0
    for start in range(0, coords, h1 * h0):
        metadata += log2(h1 + 1)
        for block in range(start, min(start + h1 * h0, coords), h0):
            if count := int(row[block : min(block + h0, start + h1 * h0)].sum()):
                metadata += log2(h1) + log2(h1 * h0 + 1) + count * log2(h0)
    bits = CoordinatePayload((h1, h0)).bits(row[None], 8)
    assert bits.metadata.tolist() == [metadata]
    assert bits.data.tolist() == [8 * int(row.sum())]


def test_lists_store_counts_ends_and_offsets() -> None:
    values = np.zeros((1, 16), dtype=np.int8)
    values[0, [1, 3, 6, 9]] = [5, 6, 7, 8]
    encoded = CoordinatePayload((2, 4)).encode(values)
    entries = {name: part.entries.tolist() for name, part in encoded.metadata.items()}
    assert entries == {"count": [2, 1], "offset0": [1, 3, 2, 1], "offset1": [0, 1, 0], "end1": [2, 3, 1]}
    widths = {name: part.width for name, part in encoded.metadata.items()}
    assert widths == {"count": 2, "offset0": 2, "offset1": 1, "end1": 4}
    assert encoded.data.tolist() == [5, 6, 7, 8]


@pytest.mark.nojit
@PROPERTY
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 4), st.integers(0, 90), st.integers(0, 99))
def test_two_ranks_in_one_pass_are_those_of_any_number(
    h1: int, h0: int, rows: int, coords: int, seed: int
) -> None:
    """A rank of length 1 above says nothing of what is below it."""
    rng = np.random.default_rng(seed)
    values = (rng.integers(1, 99, (rows, coords)) * (rng.random((rows, coords)) < rng.random())).astype(
        np.int16
    )
    two, three = (CoordinatePayload(lengths).encode(values) for lengths in ((h1, h0), (1, h1, h0)))
    for name in ("offset0", "offset1", "end1"):
        for part in ("entries", "per_fiber"):
            a, b = (getattr(form.metadata[name], part) for form in (two, three))
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(two.per_fiber, three.per_fiber)
    np.testing.assert_array_equal(CoordinatePayload((h1, h0)).decode(two), values)


@pytest.mark.parametrize(
    ("lengths", "slots", "metadata"),
    [((8, 4), (4, 2), 28), ((4, 4), (4, 2), 24), ((4, 2), (4, 2), 0), ((4,), (2,), 4), ((1, 4), (1, 2), 4)],
)
def test_fixed_slots_cost_per_window(lengths: tuple[int, ...], slots: tuple[int, ...], metadata: int) -> None:
    bits = CoordinatePayload(lengths, slots).bits(np.zeros((3, 5 * math.prod(lengths)), dtype=bool), 8)
    assert bits.metadata.tolist() == [5 * metadata] * 3
    assert bits.data.tolist() == [5 * 8 * math.prod(slots)] * 3


@PROPERTY
@given(
    st.lists(RULE, min_size=1, max_size=3).map(tuple),
    st.integers(0, 3),
    st.integers(0, 80),
    st.integers(0, 99),
)
def test_fixed_slots_round_trip(
    ranks: tuple[tuple[int, int], ...], rows: int, coords: int, seed: int
) -> None:
    pattern, rng = Hss(ranks), np.random.default_rng(seed)
    form = CoordinatePayload(pattern.lengths, pattern.slots)
    mask = pattern.generate((rows, coords), seed=seed) & (rng.random((rows, coords)) < 0.8)
    values = (rng.integers(1, 100, mask.shape) * mask).astype(np.int8)
    encoded = form.encode(values)
    assert (form.decode(encoded) == values).all()
    counted = form.bits(mask, 8)
    assert counted.data.tolist() == encoded.data_bits.tolist()
    assert counted.metadata.tolist() == encoded.metadata_bits.tolist()
    for part in encoded.metadata.values():
        assert part.entries.size == part.per_fiber.sum()
        assert part.entries.max(initial=0) < 2**part.width


def test_values_that_do_not_fit_the_slots_are_named() -> None:
    form = CoordinatePayload((4,), (2,))
    values = np.array([[1, 0, 0, 0], [1, 1, 1, 0]])
    message = r"slots \(2,\) of lengths \(4,\): fiber \(1\), coordinates 0\.\.3: rank 0, block 0: 3 of 4"
    with pytest.raises(InputError, match=message):
        form.encode(values)
    with pytest.raises(InputError, match=message):
        form.bits(values != 0, 8)


@pytest.mark.parametrize(
    ("lengths", "slots"),
    [
        ((), None),
        ((0,), None),
        ((70_000,), None),
        ((65_536, 65_536), None),
        ((4,), (5,)),
        ((4,), (1, 1)),
        ((4,), (0,)),
    ],
)
def test_impossible_shapes_are_refused(lengths: tuple[int, ...], slots: tuple[int, ...] | None) -> None:
    with pytest.raises(InputError):
        CoordinatePayload(lengths, slots)

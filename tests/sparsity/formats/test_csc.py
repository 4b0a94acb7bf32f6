from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.formats import Csc

PROPERTY = settings(deadline=None, derandomize=True, max_examples=200)


def by_hand(column: list[int], form: Csc) -> list[tuple[int, int]]:
    """(Value, run) pairs of a fiber, value by value."""
    pairs, zeros = [], 0
    for value in column:
        if value:
            pairs.append((value, zeros))
            zeros = 0
        else:
            zeros += 1
            if zeros == 2**form.run_bits:
                pairs.append((0, zeros - 1))
                zeros = 0
    while pairs and pairs[-1][0] == 0:  # zeros behind the last value are not stored
        pairs.pop()
    return pairs + [(0, 0)] * (-len(pairs) % form.word)


@PROPERTY
@given(
    st.integers(0, 3),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(1, 40),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_fibers_are_stored_as_by_hand(
    run_bits: int, word: int, fibers: int, coords: int, density: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(1, 9, (fibers, coords)) * (rng.random((fibers, coords)) < density)).astype(np.int8)
    form = Csc(run_bits, 7, word)
    encoded = form.encode(values)
    expected = [by_hand(column, form) for column in values.tolist()]
    pairs = [pair for fiber in expected for pair in fiber]
    assert list(zip(encoded.data.tolist(), encoded.metadata["run"].entries.tolist(), strict=True)) == pairs
    ends = np.cumsum([len(fiber) // word for fiber in expected]) % 128
    assert encoded.metadata["address"].entries.tolist() == ends.tolist()
    assert (form.decode(encoded) == values).all()
    counted = form.bits(values != 0, 8)
    assert counted.data.tolist() == [8 * len(fiber) for fiber in expected]
    assert counted.parts["run"].tolist() == [run_bits * len(fiber) for fiber in expected]
    assert counted.parts["address"].tolist() == [7] * fibers


def test_a_gap_of_a_full_run_needs_no_stored_zero_and_one_more_does() -> None:
    for zeros, stored in ((15, 1), (16, 2), (31, 2), (32, 3)):
        column = np.zeros((1, zeros + 1), dtype=np.int8)
        column[0, zeros] = 7
        assert Csc(4).encode(column).data.tolist() == [0] * (stored - 1) + [7]


def test_addresses_are_places_in_a_ring() -> None:
    form = Csc(4, address_bits=4)
    values = np.ones((3, 15), dtype=np.int8)
    encoded = form.encode(values)
    assert encoded.metadata["address"].entries.tolist() == [15, 14, 13]
    assert (form.decode(encoded) == values).all()
    with pytest.raises(InputError, match=r"a fiber of 16 words: addresses of 4 b tell at most 15 apart"):
        form.encode(np.ones((1, 16), dtype=np.int8))
    with pytest.raises(InputError, match="a fiber of 16 words"):
        form.bits(np.ones((1, 16), dtype=bool), 8)


def test_the_weights_of_the_papers_kind_of_pe() -> None:
    # A column of a, 0, 0, b and one of zeros: two pairs in one word, addresses 1 and 1.
    encoded = Csc(4, 7, word=2).encode(np.array([[5, 0, 0, 6], [0, 0, 0, 0], [0, 4, 0, 0]], dtype=np.int8))
    assert encoded.data.tolist() == [5, 6, 4, 0]
    assert encoded.metadata["run"].entries.tolist() == [0, 2, 1, 0]
    assert encoded.metadata["address"].entries.tolist() == [1, 1, 2]
    assert encoded.data_bits.tolist() == [16, 0, 16]
    assert encoded.metadata_bits.tolist() == [15, 7, 15]


@pytest.mark.parametrize("widths", [(-1, 7, 1), (32, 7, 1), (4, 0, 1), (4, 32, 1), (4, 7, 0)])
def test_bad_widths_are_refused(widths: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="runs must have"):
        Csc(*widths)


def test_sizes_do_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.random.default_rng(1).random((30, 77)) < 0.2
    whole = Csc(2).bits(mask, 8)
    monkeypatch.setattr("simulator.sparsity.fibers.CHUNK_ELEMENTS", 100)
    parts = Csc(2).bits(mask, 8)
    assert parts.data.tolist() == whole.data.tolist()
    assert parts.metadata.tolist() == whole.metadata.tolist()


def test_bad_matrices_are_refused() -> None:
    with pytest.raises(InputError, match="stores a matrix"):
        Csc().encode(np.ones(4))
    with pytest.raises(InputError, match="array of bool"):
        Csc().bits(np.ones((2, 2)), 8)

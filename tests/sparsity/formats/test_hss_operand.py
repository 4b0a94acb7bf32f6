from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.formats import CoordinatePayload, decode_hss, encode_hss
from simulator.sparsity.patterns import Hss, parse

pytestmark = pytest.mark.nojit
PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
RULE = st.tuples(st.integers(1, 4), st.integers(0, 4)).map(lambda r: (r[0], r[0] + r[1]))
DTYPES = st.sampled_from(["int8", "int64", "float16", "float32", "float64", "bool"])


@PROPERTY
@given(RULE, RULE, st.integers(0, 3), st.integers(0, 80), DTYPES, st.integers(0, 2), st.integers(0, 99))
def test_slots_point_at_their_values(
    rank1: tuple[int, int], rank0: tuple[int, int], rows: int, coords: int, dtype: str, spare: int, seed: int
) -> None:
    pattern, rng = Hss((rank1, rank0)), np.random.default_rng(seed)
    (g1, h1), (g0, h0) = rank1, rank0
    mask = pattern.generate((rows, coords), seed=seed) & (rng.random((rows, coords)) < 0.8)
    values = (rng.integers(1, 100, mask.shape) * mask).astype(dtype)
    operand = encode_hss(values, pattern, (g1 + spare, g0 + spare))
    windows = -(-coords // pattern.block)
    assert operand.values.shape == operand.offset0.shape == (rows, windows, g1 + spare, g0 + spare)
    assert operand.offset1.shape == (rows, windows, g1 + spare)
    padded = np.zeros((rows, windows * pattern.block), dtype=dtype)
    padded[:, :coords] = values
    for at in np.ndindex(operand.values.shape):
        f, w, i, _ = at
        k = (w * h1 + int(operand.offset1[f, w, i])) * h0 + int(operand.offset0[at])
        assert operand.values[at] in (0, padded[f, k])
    assert np.count_nonzero(operand.values) == np.count_nonzero(values)
    decoded = decode_hss(operand)
    assert decoded.dtype == values.dtype
    assert (decoded == values).all()


@pytest.mark.parametrize("text", ["C1(4:8)->C0(2:4)", "C1(4:5)->C0(2:3)"])
def test_layout_is_that_of_the_fixed_slot_format(text: str) -> None:
    pattern = parse(text)
    assert isinstance(pattern, Hss)
    mask = pattern.generate((3, 70), seed=1) & (np.random.default_rng(1).random((3, 70)) < 0.7)
    values = (np.arange(1, 211).reshape(3, 70) * mask).astype(np.int16)
    operand = encode_hss(values, pattern)
    encoded = CoordinatePayload(pattern.lengths, pattern.slots).encode(values)
    assert operand.values.ravel().tolist() == encoded.data.tolist()
    assert operand.offset1.ravel().tolist() == encoded.metadata["offset1"].entries.tolist()
    assert operand.offset0.ravel().tolist() == encoded.metadata["offset0"].entries.tolist()


def test_offsets_of_full_ranks_say_nothing() -> None:
    pattern = Hss(((4, 4), (2, 2)))
    values = np.array([[0, 1, 0, 0, 2, 0, 0, 0]])
    operand = encode_hss(values, pattern)
    assert operand.offset1.tolist() == [[[0, 1, 2, 3]]]
    assert operand.offset0.tolist() == [[[[0, 1]] * 4]]
    assert operand.values.ravel().tolist() == values.ravel().tolist()


def test_violations_are_named() -> None:
    values = np.zeros((3, 64), dtype=np.int8)
    values[2, 33:36] = 1
    pattern = Hss(((4, 8), (2, 4)))
    message = (
        r"operand violates C1\(4:8\)->C0\(2:4\): fiber \(2\), coordinates 32\.\.35: "
        "rank 0, block 8: 3 of 4 non-empty, at most 2 allowed"
    )
    with pytest.raises(InputError, match=message):
        encode_hss(values, pattern)
    values[2, 33:36] = 0
    values[1, :20:4] = 1
    with pytest.raises(InputError, match=r"fiber \(1\), coordinates 0\.\.31: rank 1, block 0: 5 of 8"):
        encode_hss(values, pattern)


def test_minus_zero_is_zero_and_nan_is_kept() -> None:
    values = np.array([[-0.0, -0.0, -0.0, np.nan]], dtype=np.float32)
    operand = encode_hss(values, Hss(((1, 1), (1, 4))))
    assert np.isnan(operand.values[0, 0, 0, 0])
    assert operand.offset0.tolist() == [[[[3]]]]


def test_bad_arguments_are_refused() -> None:
    values = np.zeros((2, 8), dtype=np.int8)
    with pytest.raises(InputError, match="two ranks"):
        encode_hss(values, Hss(((2, 4),)))
    with pytest.raises(
        InputError, match=r"lanes \(1, 2\): pattern C1\(2:2\)->C0\(2:4\) needs at least \(2, 2\)"
    ):
        encode_hss(values, Hss(((2, 2), (2, 4))), (1, 2))
    with pytest.raises(InputError, match="complex128"):
        encode_hss(values.astype(complex), Hss(((2, 2), (2, 4))))
    with pytest.raises(InputError, match="matrix"):
        encode_hss(values[0], Hss(((2, 2), (2, 4))))

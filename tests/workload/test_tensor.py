"""Tensors: values and masks, whole and slab by slab, packed and not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.workload.matrix import flat_mask
from simulator.workload.tensor import Tensor, recorded


class Counting:
    """A stored array that remembers how many elements were read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.read = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key):
        found = self.array[key]
        self.read += found.size
        return found


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_packed_mask_reads_as_the_mask(a: int, b: int, c: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((a, b, c)) < 0.5
    packed, plain = Tensor("t", np.packbits(mask), mask.shape), recorded("t", mask)
    start = int(rng.integers(0, a + 1))
    stop = int(rng.integers(start, a + 1))
    for tensor in (packed, plain):
        np.testing.assert_array_equal(tensor.rows(start, stop), mask[start:stop])
        np.testing.assert_array_equal(tensor.mask, mask)
        assert tensor.nonzeros == mask.sum()
        assert (tensor.dtype, tensor.bits, tensor.values, tensor.integral) == ("mask", None, None, False)
    assert packed.sha256 == plain.sha256
    np.testing.assert_array_equal(packed.packed_mask(), plain.packed_mask())
    flat = mask.reshape(a, b * c)
    matrix = Tensor("t", np.packbits(flat), flat.shape)
    np.testing.assert_array_equal(matrix.box(start, stop, 1, b * c), flat[start:stop, 1:])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "float16", "float32", "float64", ">i2"])
def test_values(dtype: str) -> None:
    array = np.array([[0, 1, 2], [3, 0, 5]], dtype=dtype)
    tensor = recorded("t", array)
    np.testing.assert_array_equal(tensor.values, array)
    np.testing.assert_array_equal(tensor.mask, array != 0)
    assert (tensor.nonzeros, tensor.size, tensor.bits) == (4, 6, 8 * array.dtype.itemsize)
    assert tensor.integral == (array.dtype.kind in "iu")


def test_wide_integers_are_kept_as_int32() -> None:
    assert recorded("t", np.array([1, -(2**31)])).dtype == "int32"
    with pytest.raises(InputError, match="t: int64 values beyond 32 bits"):
        recorded("t", np.array([2**31]))


def test_a_recorded_tensor_does_not_change_with_its_array() -> None:
    array = np.ones((2, 2), dtype=np.int8)
    tensor = recorded("t", array)
    array[0, 0] = 0
    assert tensor.nonzeros == 4


@pytest.mark.parametrize(
    ("array", "said"),
    [
        ([[1, 2]], "must be a numpy array"),
        (np.array([[1j]]), "dtype complex128"),
        (np.array([["a"]]), "dtype"),
        (np.array([[1.0, np.nan]]), r"element \(0, 1\) is not finite"),
        (np.array([[1.0], [np.inf]], dtype=np.float16), r"element \(1, 0\) is not finite"),
    ],
)
def test_refusals(array: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recorded("t", array)


def test_a_packed_mask_of_the_wrong_length() -> None:
    with pytest.raises(InputError, match="is 2 bytes of uint8, not uint8"):
        Tensor("t", np.zeros(3, dtype=np.uint8), (3, 4))


def test_only_what_is_asked_for_is_read() -> None:
    source = Counting(np.ones((1000, 64), dtype=np.int8))
    Tensor("t", source).rows(10, 12)
    Tensor("t", source).box(10, 12, 3, 5)
    assert source.read == 2 * 64 + 4
    bits = Counting(np.zeros(8000, dtype=np.uint8))
    Tensor("t", bits, (1000, 64)).rows(10, 12)
    assert bits.read == 16


def test_a_mask_read_again_is_the_same_and_cannot_be_written_to() -> None:
    rng = np.random.default_rng(7)
    masks = [rng.random((8, 40)) < 0.5 for _ in range(8)]
    tensors = [Tensor("t", Reading(np.packbits(mask)), mask.shape) for mask in masks]
    for tensor, mask in [*zip(tensors, masks, strict=True)] * 2:
        for start, stop in ((0, 8), (2, 5), (0, 8)):
            found = tensor.rows(start, stop)
            np.testing.assert_array_equal(found, mask[start:stop])
            with pytest.raises(ValueError, match="read-only"):
                found[:] = True
    source = tensors[-1]._source
    assert isinstance(source, Reading)
    before = source.reads
    tensors[-1].rows(0, 8)
    assert source.reads == before


class Reading:
    """A stored mask that remembers how often it was read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.reads = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: slice) -> np.ndarray:
        self.reads += 1
        return self.array[key]


def test_recent_masks_belong_to_one_tensor() -> None:
    """Tensors that come and go may have the same identity."""
    for seed in range(50):
        mask = np.random.default_rng(seed).random((4, 16)) < 0.5
        np.testing.assert_array_equal(Tensor("t", np.packbits(mask), mask.shape).mask, mask)


@pytest.mark.parametrize("size", [1, 7, 8, 63, 64, 65, 200])
def test_ones_of_a_packed_mask_are_its_elements(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.workload.tensor.BLOCK", 10)
    mask = np.random.default_rng(size).random(size) < 0.5
    octets = np.packbits(mask)
    octets[-1] |= (1 << -size % 8) - 1  # bits behind the last element say nothing
    tensor = Tensor("t", octets, (size,))
    assert tensor.nonzeros == np.count_nonzero(mask)
    assert octets[-1] & ((1 << -size % 8) - 1) == (1 << -size % 8) - 1


def test_masks_of_kernels_are_turned_round_once_for_all_that_read_them() -> None:
    rng = np.random.default_rng(1)
    masks = [rng.random((4, 3, 3, 2)) < 0.5 for _ in range(8)]
    tensors = [Tensor("t", Reading(np.packbits(mask)), mask.shape) for mask in masks]
    for tensor, mask in [*zip(tensors, masks, strict=True)] * 2:
        for start, stop in ((0, 4), (1, 3)):
            found = flat_mask(tensor, start, stop)
            assert found is flat_mask(tensor, start, stop)
            np.testing.assert_array_equal(
                found, mask[start:stop].transpose(0, 2, 3, 1).reshape(stop - start, -1)
            )
            with pytest.raises(ValueError, match="read-only"):
                found[:] = True

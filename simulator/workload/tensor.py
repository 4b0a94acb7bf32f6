"""Recorded tensors: values, or only which elements are non-zero; in memory or in a file, read slab by slab.

A mask in a file is bit-packed: element i in C order is bit 7 - i mod 8 of byte floor(i / 8)
(``numpy.packbits``), the last byte filled with zeros. Values are kept as they are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.remembered import Remembered

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "float16", "float32", "float64")
"""Element types of recorded values; wider integers are kept as int32 when their values fit."""

BLOCK = 1 << 22
"""Elements read at once when a whole tensor is looked at."""


RECENT, KEPT = 4, 1 << 22
"""How many masks, unpacked or turned round, are kept for who reads them next, and bytes of the largest: checks, counts and lowering
of a layer read the same, one after the other.
"""

recent = Remembered(RECENT * KEPT)
"""Apart from what else is remembered: who looks at all of a tensor reads many of them once."""


class Source(Protocol):
    """Where a tensor's elements are: an ndarray, or a dataset of an open file (flat uint8: a packed mask)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape as stored."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type as stored."""
        ...

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read a slice."""
        ...


class Tensor:
    """A named tensor.

    Parameters
    ----------
    name : str
        How messages call it.
    source : Source
        An ndarray of values or of bool (a mask only), or a stored array.
    shape : tuple of int, optional
        Given for a packed mask, whose source is flat uint8 of ceil(size / 8) bytes.

    Raises
    ------
    InputError
        A type that is not kept, or a packed mask of the wrong length.
    """

    def __init__(self, name: str, source: Source, shape: tuple[int, ...] | None = None) -> None:
        self.name = name
        self.packed = shape is not None
        self.shape: tuple[int, ...] = tuple(source.shape) if shape is None else shape
        self._source = source
        if self.packed and (source.dtype != np.uint8 or tuple(source.shape) != (-(-self.size // 8),)):
            raise InputError(
                f"{name}: a packed mask of shape {self.shape} is {-(-self.size // 8)} bytes of uint8, "
                f"not {source.dtype} {source.shape}"
            )
        if not self.packed and source.dtype.name not in (*DTYPES, "bool"):
            raise InputError(
                f"{name}: dtype {source.dtype}: must be bool (a mask) or one of {', '.join(DTYPES)}"
            )

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def mask_only(self) -> bool:
        """Whether only the positions of non-zeros are known."""
        return self.packed or self._source.dtype == np.bool_

    @property
    def dtype(self) -> str:
        """Type of the values, or ``mask``."""
        return "mask" if self.mask_only else self._source.dtype.name

    @property
    def bits(self) -> int | None:
        """Bits per recorded value; None when only the mask is known."""
        return None if self.mask_only else 8 * self._source.dtype.itemsize

    @property
    def integral(self) -> bool:
        """Whether the values are recorded integers."""
        return not self.mask_only and self._source.dtype.kind in "iu"

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Elements start <= i < stop of the first axis: values, or bool when only the mask is known.

        Raises
        ------
        InputError
            A value is not finite, or the file is damaged.
        """
        if self.packed:
            row = math.prod(self.shape[1:])
            return self._bits(start * row, stop * row).reshape(stop - start, *self.shape[1:])
        return self._finite(self._source[start:stop], start)

    def box(self, start: int, stop: int, first: int, last: int) -> NDArray[Any]:
        """Rows start..stop and columns first..last of a matrix, without reading much else."""
        if not self.packed:
            return self._finite(self._source[start:stop, first:last], start)
        out = np.empty((stop - start, last - first), dtype=np.bool_)
        for part in self._parts(start, stop):
            out[part.start - start : part.stop - start] = self.rows(part.start, part.stop)[:, first:last]
        return out

    def check(self) -> None:
        """Read everything once.

        Raises
        ------
        InputError
            A value is not finite, or the file is damaged.
        """
        for part in self._parts(0, self.shape[0] if self.shape else 0):
            self.rows(part.start, part.stop)

    def _bits(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Elements of a packed mask; they cannot be written to, for others read the same."""
        if stop - start > KEPT:
            return self._unpacked(start, stop)
        return recent.get(self, (start, stop), lambda: self._unpacked(start, stop))

    def _unpacked(self, start: int, stop: int) -> NDArray[np.bool_]:
        octets = self._source[start // 8 : -(-stop // 8)]
        bits = np.unpackbits(octets)[start % 8 : start % 8 + stop - start].view(np.bool_)
        bits.flags.writeable = False
        return bits

    def _finite(self, values: NDArray[Any], start: int) -> NDArray[Any]:
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            place = [int(i) for i in np.argwhere(~np.isfinite(values))[0]]
            place[0] += start
            raise InputError(f"{self.name}: element {tuple(place)} is not finite; every value must be")
        return values

    def _parts(self, start: int, stop: int) -> Iterator[slice]:
        step = max(1, BLOCK // max(1, math.prod(self.shape[1:])))
        for first in range(start, stop, step):
            yield slice(first, min(stop, first + step))

    @property
    def values(self) -> NDArray[Any] | None:
        """All values, or None when only the mask is known."""
        return None if self.mask_only else self.rows(0, self.shape[0])

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which elements are non-zero, bool, of the tensor's shape."""
        return self.mask_rows(0, self.shape[0])

    def mask_rows(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Which elements of start <= i < stop of the first axis are non-zero."""
        if self.mask_only:
            return self.rows(start, stop)
        out = np.empty((stop - start, *self.shape[1:]), dtype=np.bool_)
        for part in self._parts(start, stop):
            np.not_equal(self.rows(part.start, part.stop), 0, out=out[part.start - start : part.stop - start])
        return out

    @cached_property
    def nonzeros(self) -> int:
        """Non-zero elements."""
        if self.packed:
            return self._ones()
        return sum(
            int(np.count_nonzero(self.rows(part.start, part.stop))) for part in self._parts(0, self.shape[0])
        )

    def _ones(self) -> int:
        """Ones of a packed mask; bits behind its last element do not count."""
        end, found = -(-self.size // 8), 0
        for start in range(0, end, BLOCK):
            octets = np.asarray(self._source[start : min(end, start + BLOCK)])
            found += int(np.bitwise_count(octets).sum(dtype=np.int64))
            if start + BLOCK >= end and self.size % 8:
                found -= (int(octets[-1]) & 0xFF >> self.size % 8).bit_count()
        return found

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content: of the values' bytes (C order, little endian), or of the packed mask."""
        recorded = getattr(self._source, "attrs", {}).get("sha256")
        if recorded is not None:
            return str(recorded)
        sha = hashlib.sha256()
        for block in self._octets():
            sha.update(block.data)
        return sha.hexdigest()

    def stored(self) -> NDArray[Any]:
        """The content as it is written to a file: values, or the packed mask."""
        return self.packed_mask() if self.mask_only else self.rows(0, self.shape[0])

    def packed_mask(self) -> NDArray[np.uint8]:
        """The mask packed as the module says, uint8, shape (ceil(size / 8),)."""
        return np.asarray(self._source[:]) if self.packed else np.packbits(self.mask)

    def _octets(self) -> Iterator[NDArray[np.uint8]]:
        if self.mask_only:
            yield self.packed_mask()
            return
        for part in self._parts(0, self.shape[0]):
            values = self.rows(part.start, part.stop)
            yield (
                np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
            )


def recorded(name: str, array: object) -> Tensor:
    """A tensor of an array a user gives; a copy, which cannot be changed.

    Parameters
    ----------
    name : str
        How messages call it.
    array : ndarray
        Values, or bool: a mask only.

    Raises
    ------
    InputError
        Not an array, a type that is not kept, an integer beyond 32 bits, or a value that is not finite.
    """
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name}: {type(array).__name__}: must be a numpy array")
    if array.dtype.name in ("int64", "uint64", "uint32"):
        info = np.iinfo(np.int32)
        if array.size and (array.min() < info.min or array.max() > info.max):
            raise InputError(f"{name}: {array.dtype.name} values beyond 32 bits; integers must fit in int32")
        array = array.astype(np.int32)
    frozen = np.array(array, dtype=array.dtype.newbyteorder("="), order="C")
    frozen.flags.writeable = False
    tensor = Tensor(name, frozen)
    tensor.check()
    return tensor

"""A file of named arrays, read one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.memory import affordable

MOST_ELEMENTS = 1 << 31
"""Elements of an array that are read at most; a file that claims more is refused before memory is taken."""

KEPT = ("bool", "int8", "uint8", "int16", "uint16", "int32", "float16", "float32", "float64")
"""Element types a trace keeps as they are."""


@dataclass(frozen=True)
class Entry:
    """What a file says of one array before it is read."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def bytes_each(self) -> int:
        """Bytes of an element; of a type NumPy does not know, 4: it is read as fp32."""
        try:
            return np.dtype(self.dtype).itemsize
        except TypeError:
            return 4


@dataclass(frozen=True)
class ArrayFile:
    """The arrays of a file.

    Attributes
    ----------
    path : str
    entries : mapping of str to Entry
        In the order of the file.
    load : callable
        Reads one, by name.
    close : callable
    notes : tuple of str
        What the format does not say, or the file says and is not read.
    """

    path: str
    entries: Mapping[str, Entry]
    load: Callable[[str], NDArray[Any]]
    close: Callable[[], None] = lambda: None
    notes: tuple[str, ...] = field(default=())

    def read(self, name: str) -> NDArray[Any]:
        """One array, in a type a trace keeps: bfloat16 and other short floats become float32, wide integers int32.

        Raises
        ------
        InputError
            The file is damaged, the array is too large, or of a type with no exact place in a trace.
        """
        entry = self.entries[name]
        if entry.size > MOST_ELEMENTS:
            raise InputError(
                f"{self.path}: {name}: shape {entry.shape} is {entry.size:,} elements: at most {MOST_ELEMENTS:,} are read"
            )
        affordable(f"{self.path}: {name}", entry.shape, entry.bytes_each)
        array = np.asarray(self.load(name))
        if array.shape != entry.shape:
            raise InputError(f"{self.path}: {name}: has shape {array.shape}, its header says {entry.shape}")
        return kept(array, f"{self.path}: {name}")

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def kept(array: NDArray[Any], place: str) -> NDArray[Any]:
    """The array in a type a trace keeps, no value changed.

    Raises
    ------
    InputError
        There is none: complex numbers, text, integers past 32 bits.
    """
    if array.dtype.name in KEPT:
        return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
    if array.dtype.kind in "iu":
        limits = np.iinfo(np.int32)
        if array.size and (int(array.min()) < limits.min or int(array.max()) > limits.max):
            raise InputError(f"{place}: {array.dtype} with values past 32 bits: at most int32 is kept")
        return np.ascontiguousarray(array, dtype=np.int32)
    if array.dtype.name.startswith(("bfloat16", "float8", "float4", "float6")):
        return np.ascontiguousarray(array, dtype=np.float32)
    raise InputError(
        f"{place}: elements of type {array.dtype}: must be one of {', '.join(KEPT)}, or bfloat16"
    )

"""safetensors read by rows: a header of JSON, then plain bytes; nothing is executed, and only what is asked for is read.

    8 bytes: length of the header, little endian;   header: {name: {dtype, shape, data_offsets}, __metadata__};   data

The package of that name maps whole files into memory, which then counts as this process'. A checkpoint of several files comes with
an index (``*.index.json``) that says which tensor is where. Source: the format's own page, huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.packages import package

_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "I8": "int8", "U8": "uint8", "BOOL": "bool"}
_MLTYPES = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn"}
_HEADER = 100_000_000
"""Bytes of a header at most, as the format says."""


@dataclass(frozen=True)
class Stored:
    """Where a tensor is.

    Attributes
    ----------
    path : Path
    dtype : str
        As the format names it, e.g. ``BF16``.
    shape : tuple of int
    start, stop : int
        Bytes of the file.
    """

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a checkpoint.

    Attributes
    ----------
    path : Path
    tensors : mapping of str to Stored
        In the order of the file(s).
    metadata : mapping of str to str
    """

    path: Path
    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]

    def find(self, name: str) -> Stored:
        """Where a tensor is, or InputError."""
        if name not in self.tensors:
            raise InputError(f"{self.path}: no tensor {name!r}; {suggest(name, list(self.tensors))}")
        return self.tensors[name]

    def rows(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Elements start <= i < stop of the first axis, as they are stored.

        Raises
        ------
        InputError
            No such tensor, a type that is not read, or a file cut short.
        """
        stored = self.find(name)
        kind = dtype_of(stored.dtype, f"{stored.path}: {name}")
        row = math.prod(stored.shape[1:])
        found = self._read(stored, start * row * kind.itemsize, (stop - start) * row * kind.itemsize)
        return np.frombuffer(found, dtype=kind).reshape(stop - start, *stored.shape[1:])

    def octets(self, name: str, start: int, count: int) -> bytes:
        """Bytes of a tensor as they are in the file."""
        return self._read(self.find(name), start, count)

    @staticmethod
    def _read(stored: Stored, start: int, count: int) -> bytes:
        try:
            with stored.path.open("rb") as stream:
                stream.seek(stored.start + start)
                found = stream.read(count)
        except OSError as error:
            raise InputError(f"{stored.path}: {error.strerror or error}") from None
        if len(found) != count:
            raise InputError(
                f"{stored.path}: is cut short: {len(found)} of {count} bytes at {stored.start + start}"
            )
        return found


def dtype_of(name: str, where: str) -> np.dtype[Any]:
    """NumPy's type of one of the format.

    Raises
    ------
    InputError
        It is not read, or its package is missing.
    """
    if name in _TYPES:
        return np.dtype(_TYPES[name])
    if name in _MLTYPES:
        found: np.dtype[Any] = np.dtype(getattr(package("ml_dtypes", "models"), _MLTYPES[name]))
        return found
    raise InputError(f"{where}: elements of type {name}: choices: {', '.join((*_TYPES, *_MLTYPES))}")


def open_checkpoint(path: str | Path) -> Checkpoint:
    """Read the header of a .safetensors file, or of all files an .index.json names.

    Raises
    ------
    InputError
        No such file, another suffix, or one that is damaged.
    """
    path = Path(path)
    if path.suffix == ".json":
        return _indexed(path)
    if path.suffix != ".safetensors":
        raise InputError(f"{path}: suffix {path.suffix!r}: choices: .safetensors, .index.json")
    header, start = _header(path)
    size = path.stat().st_size - start
    metadata = header.pop("__metadata__", {})
    return Checkpoint(
        path, {name: _stored(path, name, entry, start, size) for name, entry in header.items()}, metadata
    )


def _indexed(path: Path) -> Checkpoint:
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        names = {str(name): path.parent / str(file) for name, file in files.items()}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is no index of a checkpoint: {error}") from None
    opened = {file: open_checkpoint(file) for file in dict.fromkeys(names.values())}
    return Checkpoint(path, {name: opened[file].find(name) for name, file in names.items()}, {})


def _header(path: Path) -> tuple[dict[str, Any], int]:
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= _HEADER:
                raise InputError(f"{path}: is no safetensors file: a header of {length} bytes")
            header = json.loads(stream.read(length))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{path}: is no safetensors file: {error}") from None
    if not isinstance(header, dict):
        raise InputError(f"{path}: is no safetensors file: its header is no mapping")
    return header, 8 + length


def _stored(path: Path, name: str, entry: Any, start: int, size: int) -> Stored:
    try:
        shape = tuple(int(n) for n in entry["shape"])
        begin, end = (int(n) for n in entry["data_offsets"])
        if not 0 <= begin <= end <= size or min(shape, default=0) < 0:
            raise ValueError(f"bytes {begin} to {end} of {size}")
        return Stored(path, str(entry["dtype"]), shape, start + begin, start + end)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: tensor {name!r}: its header is damaged: {error}") from None


class Whole(Mapping[str, NDArray[Any]]):
    """The tensors of a checkpoint by name, each read whole when it is asked for.

    Parameters
    ----------
    file : Checkpoint
    """

    def __init__(self, file: Checkpoint) -> None:
        self.file = file

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.file.tensors:
            raise KeyError(name)
        return self.file.rows(name, 0, self.file.tensors[name].shape[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self.file.tensors)

    def __len__(self) -> int:
        return len(self.file.tensors)

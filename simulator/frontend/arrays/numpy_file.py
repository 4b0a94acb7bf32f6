"""NumPy's .npy and .npz: headers are checked against the bytes that are there before anything is read; objects are refused.

Format: numpy.lib.format, versions 1.0 to 3.0 (NEP 1). Nothing in a file is executed: pickled objects are refused by their header.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import MOST_ELEMENTS, ArrayFile, Entry

SINGLE = "array"
"""Name of the one array of a .npy file."""


def open_npy(path: Path) -> ArrayFile:
    """A .npy file: one array, called by the file's name.

    Raises
    ------
    InputError
        Not such a file, or one that is cut short, or holds objects.
    """
    with path.open("rb") as stream:
        entry = _entry(stream, path.stat().st_size, str(path))
    return ArrayFile(str(path), {path.stem: entry}, lambda _: _array(path.open("rb"), str(path)))


def open_npz(path: Path) -> ArrayFile:
    """A .npz archive, compressed or not.

    Raises
    ------
    InputError
        As for :func:`open_npy`, of any member.
    """
    try:
        archive = zipfile.ZipFile(path)
        entries = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name in entries:
                raise InputError(f"{path}: two arrays are called {name!r}")
            with archive.open(member) as stream:
                entries[name] = _entry(stream, member.file_size, f"{path}: {name}")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be read as .npz: {_words(error)}") from None

    def load(name: str) -> NDArray[Any]:
        try:
            stream = archive.open(f"{name}.npy")
        except KeyError:
            stream = archive.open(name)
        return _array(stream, f"{path}: {name}")

    return ArrayFile(str(path), entries, load, archive.close)


def _entry(stream: IO[bytes], length: int, place: str) -> Entry:
    """What the header says, held against the bytes behind it."""
    try:
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = reader(stream)
    except (
        Exception
    ) as error:  # a damaged header fails in whichever parser it reaches: tokens, literals, zip, zlib
        raise InputError(f"{place}: not an array of NumPy: {_words(error)}") from None
    if dtype.hasobject:
        raise InputError(
            f"{place}: holds Python objects: only plain numbers are read, objects would be executed"
        )
    needed = math.prod(shape) * dtype.itemsize
    if needed > MOST_ELEMENTS * 8 or stream.tell() + needed != length:
        raise InputError(
            f"{place}: its header says {shape} of {dtype}, {needed:,} bytes; {max(0, length - stream.tell()):,} are there"
        )
    return Entry(shape, dtype.name)


def _array(stream: IO[bytes], place: str) -> NDArray[Any]:
    with stream:
        try:
            return np.asarray(npy.read_array(stream, allow_pickle=False))
        except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{place}: cannot be read: {_words(error)}") from None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

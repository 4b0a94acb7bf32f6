"""safetensors written by rows, in any order, whole or not at all.

Names, types and shapes are told first: the header comes before the data.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "I8": 1, "U8": 1, "BOOL": 1}


class Draft:
    """A file being written; it appears under its name when all went well.

    Parameters
    ----------
    path : Path
    tensors : mapping of str to (str, tuple of int)
        Type, as the format names it, and shape; in the order of the file.
    metadata : mapping of str to str

    Raises
    ------
    InputError
        The folder cannot be written.
    """

    def __init__(
        self,
        path: Path,
        tensors: Mapping[str, tuple[str, tuple[int, ...]]],
        metadata: Mapping[str, str],
    ) -> None:
        self.path, self._starts, self._sizes = path, dict[str, int](), dict[str, tuple[int, int]]()
        header: dict[str, Any] = {"__metadata__": dict(metadata)}
        at = 0
        for name, (kind, shape) in tensors.items():
            size = SIZES[kind] * math.prod(shape)
            header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + size]}
            self._starts[name], self._sizes[name] = at, (size, size // max(1, shape[0] if shape else 1))
            at += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        self._draft, self._stream = Path(name), os.fdopen(handle, "wb")
        self._stream.write(len(text).to_bytes(8, "little") + text)
        self._first = 8 + len(text)
        self._stream.truncate(self._first + at)

    def rows(self, name: str, start: int, array: NDArray[Any]) -> None:
        """Write rows of a tensor from `start` on."""
        self.octets(name, start * self._sizes[name][1], np.ascontiguousarray(array).tobytes())

    def octets(self, name: str, start: int, content: bytes) -> None:
        """Write bytes of a tensor from `start` on."""
        if start + len(content) > self._sizes[name][0]:
            raise ValueError(f"{name}: {len(content)} bytes at {start} of {self._sizes[name][0]}")
        self._stream.seek(self._first + self._starts[name] + start)
        self._stream.write(content)

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._stream.close()
            if kind is None:
                self._draft.chmod(0o644)
                os.replace(self._draft, self.path)
        except OSError as problem:
            raise InputError(f"{self.path}: cannot be written: {problem.strerror}") from None
        finally:
            self._draft.unlink(missing_ok=True)

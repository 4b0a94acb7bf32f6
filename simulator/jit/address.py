"""Functions of a module of LLVM as Python calls them: by their address, arrays as pointers."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import numpy as np

from simulator.jit.body import POINTERS, signature

_ACCEPTED = {
    "i64": frozenset(map(np.dtype, (np.int64, np.uint64))),
    "i32": frozenset(map(np.dtype, (np.int32, np.uint32))),
    "i8": frozenset(map(np.dtype, (np.uint8, np.int8, np.bool_))),
}
"""Elements behind a pointer: all are read as signed integers."""
_Bytes = ctypes.c_char * 0
"""Where a buffer begins: cheaper to ask than an array's address."""


class Apart:
    """A function that Python, or another of its module, calls.

    Attributes
    ----------
    function : function
        What it is made of.
    address : int
        Where its code lies, 0 before it is first called.
    """

    def __init__(self, function: Callable[..., Any], settle: Callable[[Callable[..., Any]], None]) -> None:
        self.function, self.address, self._settle = function, 0, settle
        self._call: Callable[..., Any] | None = None
        self._takes: list[Callable[[Any], Any]] = []
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call it without the lock of the interpreter.

        What arrays allow is not asked: one that cannot be written is for functions that only read it.

        Raises
        ------
        TypeError
            An array is not contiguous or of another type than declared, or there are more or fewer arguments.
        """
        call = self._call or self._bound()
        if len(arguments) != len(self._takes):
            name, due = self.function.__qualname__, len(self._takes)
            raise TypeError(f"{name}: {due} arguments are due, not {len(arguments)}")
        return call(*[take(each) for take, each in zip(self._takes, arguments, strict=True)])

    def _bound(self) -> Callable[..., Any]:
        types = signature(self.function.__annotations__)
        if types.returned > 1 or any(text.startswith("tuple") for _, text in types.parameters):
            raise TypeError(
                f"{self.function.__qualname__}: tuples are passed between compiled functions only"
            )
        if not self.address:
            self._settle(self.function)
        places = [text in POINTERS for _, text in types.parameters]
        self._takes = [
            _pointer(f"{self.function.__qualname__}: {name}", text) if text in POINTERS else operator.index
            for name, text in types.parameters
        ]
        kinds = [ctypes.c_void_p if place else ctypes.c_int64 for place in places]
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64 if types.returned else None, *kinds)(self.address)
        return self._call


def _pointer(name: str, annotation: str) -> Callable[[Any], Any]:
    accepted = _ACCEPTED[POINTERS[annotation]]

    def take(array: Any) -> Any:
        if array.dtype in accepted:
            try:
                return _Bytes.from_buffer(array)
            except (TypeError, ValueError):
                if array.flags.c_contiguous:  # but cannot be written
                    return array.ctypes.data
        how = "" if array.flags.c_contiguous else ", not contiguous"
        raise TypeError(
            f"{name}: an array of {annotation} in one piece is due, this one is {array.dtype}{how}"
        )

    return take

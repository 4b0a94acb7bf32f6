"""Functions of a module of LLVM as Python calls them: by their address, arrays as pointers."""

from __future__ import annotations

import ctypes
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
        self._due = 0
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
        if len(arguments) != self._due:
            raise TypeError(
                f"{self.function.__qualname__}: {self._due} arguments are due, not {len(arguments)}"
            )
        try:
            return call(*arguments)
        except ctypes.ArgumentError as error:
            given = ", ".join(type(each).__name__ for each in arguments)
            raise TypeError(f"{self.function.__qualname__} of {given}: {error}") from None

    def _bound(self) -> Callable[..., Any]:
        types = signature(self.function.__annotations__)
        if types.returned > 1 or any(text.startswith("tuple") for _, text in types.parameters):
            raise TypeError(
                f"{self.function.__qualname__}: tuples are passed between compiled functions only"
            )
        if not self.address:
            self._settle(self.function)
        kinds = [
            _pointer(f"{self.function.__qualname__}: {name}", text) if text in POINTERS else ctypes.c_int64
            for name, text in types.parameters
        ]
        self._due = len(kinds)
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64 if types.returned else None, *kinds)(self.address)
        return self._call


def _pointer(name: str, annotation: str) -> Any:
    """The type of an argument, as ctypes asks it: how an array becomes a pointer."""
    accepted = _ACCEPTED[POINTERS[annotation]]

    def take(array: Any) -> Any:
        if array.dtype in accepted:
            try:
                return _Bytes.from_buffer(array)
            except (TypeError, ValueError):
                if array.flags.c_contiguous:  # but cannot be written
                    return ctypes.c_void_p(array.ctypes.data)
        how = "" if array.flags.c_contiguous else ", not contiguous"
        raise TypeError(
            f"{name}: an array of {annotation} in one piece is due, this one is {array.dtype}{how}"
        )

    return type(annotation, (), {"from_param": staticmethod(take)})

"""Functions that numba compiles, and numba itself, which is loaded when the first of them is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any


class Kernel:
    """A function of arrays and scalars, compiled by numba (nopython, nogil, cached) when it is first called.

    numba takes a quarter of a second to load, and many a process calls only functions of modules of LLVM
    (:mod:`simulator.jit.unit`).

    Attributes
    ----------
    py_func : function
        What it is made of.
    targetoptions : dict
        What numba is told besides; both have the names that numba asks for.
    """

    def __init__(self, function: Callable[..., Any], stamp: Callable[..., str], **options: object) -> None:
        self.py_func, self.targetoptions, self._stamp = function, options, stamp
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call what numba made of it."""
        return self.dispatcher(*arguments)

    @cached_property
    def dispatcher(self) -> Any:
        """What numba makes of it."""
        from simulator.jit.compiler import compiled

        return compiled(self.py_func, self.targetoptions, self._stamp)

    @property
    def _numba_type_(self) -> Any:
        """What numba takes it for in the kernels that call it."""
        return self.dispatcher._numba_type_

"""numba as kernels need it: its cache, valid for one state of their sources, and operations of a word that it does not have."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, cast

import numba
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload

from simulator import jit

Typed = tuple[Any, Callable[..., Any]]
"""A signature, and what writes the code."""


def compiled(function: Callable[..., Any], options: Mapping[str, object], stamp: Callable[..., str]) -> Any:
    """A dispatcher, which looks for its cache when it first compiles: most never do in a process."""
    told: Any = {"nogil": True, "boundscheck": False, **options}
    made: Any = numba.njit(**told)(function)
    original, looked = made.compile, False

    def compile_it(signature: Any) -> Any:
        nonlocal looked
        if not looked:
            looked = True
            _registries()
            with suppress(RuntimeError):  # no folder can be written: nothing is kept
                made.enable_caching()
                file = made._cache._cache_file
                file._source_stamp = (file._source_stamp, stamp(function))
        return original(signature)

    made.compile = compile_it
    return made


@cache
def _registries() -> None:
    """Let numba load what it knows of numpy, in a command without scipy.

    numba imports scipy's linear algebra, where there is one, for products of matrices inside kernels; here are none. A program
    that uses this package may have kernels of its own, so only commands do without.
    """
    if os.environ.get("SPARSECYCLE_COMMAND") != "1" or "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = cast(Any, None)  # what is not there now is not looked for
    try:
        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()
    finally:
        del sys.modules["scipy.linalg"]


def _ones(typing_context: Any, word: Any) -> Typed:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return numba.types.int64(numba.types.uint64), generate


def _zeros(typing_context: Any, word: Any) -> Typed:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], context.get_constant(numba.types.boolean, False))

    return numba.types.int64(numba.types.int64), generate


def _elements(typing_context: Any, array: Any) -> Typed:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(array)(context, builder, args[0]).data

    make: Any = numba.types.CPointer
    return make(array.dtype)(array), generate


ones: Any = intrinsic(_ones)
zeros: Any = intrinsic(_zeros)
elements: Any = intrinsic(_elements)
overload(jit.popcount64)(lambda word: lambda word: ones(word))
overload(jit.leading_zeros)(lambda word: lambda word: zeros(word))
overload(jit.pointer)(lambda array: lambda array: elements(array))

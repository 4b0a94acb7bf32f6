"""Machine code of a module of LLVM, kept in numba's cache beside its own.

The code generator is numba's (the host's processor, its features, the level of optimisation), and so is the cache: where it
lies, what it is valid for, and that it is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import binding
from numba.core import caching
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

_numba: Any = caching
_Cache: Any = _numba.make_library_cache("apart")
_kept: list[Any] = []
"""Code that is called by its address lives as long as the process."""


def define(
    name: str, symbols: Sequence[str], place: Callable[..., Any], stamp: object, text: Callable[[], str]
) -> None:
    """Make functions of a module known to all code compiled later, from the cache or anew.

    Parameters
    ----------
    name : str
        Of the module.
    symbols : sequence of str
        Functions others call.
    place : function
        Where the cache lies: beside its file, or where numba's settings say.
    stamp : object
        State of the sources the module is made of.
    text : callable
        The module in LLVM's intermediate representation; called when the cache has no code for this stamp.
    """
    with global_compiler_lock:
        cache, context = _Cache(place), cpu_target.target_context
        cache._cache_file._source_stamp = stamp
        key = (name, *symbols)
        library = cache.load_overload(key, context)
        if library is None:
            library = context.codegen().create_library(name)
            library.enable_object_caching()
            library.add_llvm_module(binding.parse_assembly(text()))
            library.finalize()
            cache.save_overload(key, library)
        for symbol in symbols:
            binding.add_symbol(symbol, library.get_pointer_to_function(symbol))
        _kept.append(library)

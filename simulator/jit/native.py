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
_Libraries: Any = _numba.make_library_cache("apart")
_kept: list[Any] = []
"""Code that is called by its address lives as long as the process."""


class _Cache(_Libraries):  # type: ignore[misc]  # numba has no types
    """The cache without what compiling Python needs: all that numba knows of numpy takes a fifth of a second to load."""

    def load_overload(self, sig: object, target_context: Any) -> Any:
        """What is kept, None if nothing is."""
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def define(
    name: str, symbols: Sequence[str], place: Callable[..., Any], stamp: object, text: Callable[[], str]
) -> dict[str, int]:
    """Addresses of functions of a module, by name, from the cache or anew.

    Parameters
    ----------
    name : str
        Of the module.
    symbols : sequence of str
        Functions to be called from outside.
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
        _kept.append(library)
        return {symbol: library.get_pointer_to_function(symbol) for symbol in symbols}

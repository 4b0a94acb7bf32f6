"""The one door to numba: options, cache and a switch.

``SPARSECYCLE_JIT=0`` runs every kernel as plain Python (slow, for debugging and for a marked subset of the
tests). Compiled code is cached beside the sources, or where ``NUMBA_CACHE_DIR`` says when that folder cannot
be written. numba itself sees only changes of the file a kernel is in, but kernels hold code and constants of other files, so
here the cache is valid for one state of all sources that a kernel may be made of.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
ENABLED = os.environ.get("SPARSECYCLE_JIT", "1") != "0"

_ROOMS = ("analytical", "datapath", "engine", "lowering", "plan", "record", "sparsity", "workload")
"""Rooms that kernels, or constants in them, come from."""

_IMPORT = re.compile(r"^\s*from simulator\.([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def _imported(root: Path, path: Path) -> Iterator[Path]:
    """Files of the rooms below `root` that a file imports from."""
    for module, names in _IMPORT.findall(path.read_text("utf-8")):
        if module.partition(".")[0] in _ROOMS:
            target = root / module.replace(".", "/")
            files = [target.with_suffix(".py"), target / "__init__.py"]
            files += [target / f"{name}.py" for name in re.findall(r"\w+", names)]
            yield from (file for file in files if file.is_file())


def sources(root: Path, path: Path) -> str:
    """SHA-256 over a file and all those it reaches by imports below `root`, within the rooms of kernels, and this one."""
    reached, new = {path}, [path]
    while new:
        found = set(_imported(root, new.pop())) - reached
        reached |= found
        new += found
    sha = hashlib.sha256((root / "jit.py").read_bytes())
    for file in sorted(reached):
        content = file.read_bytes()
        sha.update(f"|{file.name}|{len(content)}|".encode() + content)
    return sha.hexdigest()


@cache
def stamp(file: str) -> str:
    """State of the sources that kernels of a file are made of."""
    return sources(Path(__file__).parent, Path(file))


if ENABLED:
    import numba
    from numba.extending import intrinsic

    def _cached(compiled: Any) -> Any:
        file = compiled._cache._cache_file
        file._source_stamp = (file._source_stamp, stamp(compiled.py_func.__code__.co_filename))
        return compiled

    def kernel(function: F) -> F:
        """Compile a function of arrays and scalars with numba (nopython, nogil, cached)."""
        return cast(F, _cached(numba.njit(cache=True, nogil=True, boundscheck=False)(function)))

    def inlined(function: F) -> F:
        """Compile as :func:`kernel` does, into the code of its callers: for small functions of hot loops."""
        options: Any = {"cache": True, "nogil": True, "boundscheck": False, "forceinline": True}
        return cast(F, _cached(numba.njit(**options)(function)))

    def _popcount64(typing_context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctpop(args[0])

        return numba.types.int64(numba.types.uint64), generate

    popcount64 = cast(Callable[[Any], int], intrinsic(_popcount64))
    """Ones in a uint64 word, as int64; to be called inside kernels only."""

    def _pointer(typing_context: Any, array: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return context.make_array(array)(context, builder, args[0]).data

        make: Any = numba.types.CPointer
        return make(array.dtype)(array), generate

    pointer = cast(Callable[[Any], Any], intrinsic(_pointer))
    """The elements of a contiguous array without their owner: one word to pass on and nothing to count; the
    caller keeps the array. To be called inside kernels only."""

else:

    def kernel(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    def inlined(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    def popcount64(word: Any) -> int:
        """Ones in a uint64 word: the plain twin of the compiled one."""
        return int(word).bit_count()

    def pointer(array: Any) -> Any:
        """The array itself: the plain twin of the compiled one."""
        return array

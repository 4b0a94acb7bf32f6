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
from contextlib import contextmanager
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

    def _stamped(compiled: Any, function: Callable[..., Any]) -> None:
        file = compiled._cache._cache_file
        file._source_stamp = (file._source_stamp, stamp(function.__code__.co_filename))

    def _cached(compiled: Any) -> Any:
        _stamped(compiled, compiled.py_func)
        return compiled

    def kernel(function: F) -> F:
        """Compile a function of arrays and scalars with numba (nopython, nogil, cached)."""
        return cast(F, _cached(numba.njit(cache=True, nogil=True, boundscheck=False)(function)))

    def inlined(function: F) -> F:
        """Compile as :func:`kernel` does, into the code of its callers: for small functions of hot loops."""
        options: Any = {"cache": True, "nogil": True, "boundscheck": False, "forceinline": True}
        return cast(F, _cached(numba.njit(**options)(function)))

    def spliced(function: F) -> F:
        """Paste a function into its callers before they are compiled: for a long part of a hot loop with one caller."""
        options: Any = {"cache": True, "nogil": True, "boundscheck": False, "inline": "always"}
        return cast(F, _cached(numba.njit(**options)(function)))

    def apart(function: F) -> F:
        """Compile a function of pointers and integers once, and let kernels call it by its address.

        The types are those of the annotations: ``Ints`` and ``Vector`` are pointers to int64 and int32 (:func:`pointer`), truth is
        an integer. What is called by its address is not compiled again with every caller. Callees come before their callers,
        which are :func:`stepping` kernels or likewise apart; to be called inside those only.
        """
        told = {name: _TYPES[text] for name, text in function.__annotations__.items()}
        returned, arguments = told.pop("return"), tuple(told.values())
        symbol = f"{function.__module__}.{function.__qualname__}"
        _waiting.append((function, arguments, returned, symbol))
        return cast(F, numba.types.ExternalFunction(symbol, returned(*arguments)))

    _waiting: list[tuple[Callable[..., Any], tuple[Any, ...], Any, str]] = []
    """Functions to be called by their address that are not compiled yet, callees before callers."""

    def _settle() -> None:
        from llvmlite import binding
        from numba.core.ccallback import CFunc

        for function, arguments, returned, symbol in _waiting:
            options = {"nopython": True, "boundscheck": False}
            compiled = CFunc(function, (arguments, returned), locals={}, options=options)
            compiled.enable_caching()
            _stamped(compiled, function)
            compiled.compile()
            binding.add_symbol(symbol, compiled.address)
            _kept.append(compiled)
        _waiting.clear()

    _kept: list[Any] = []
    """What is called by its address must live as long as its callers: as long as the process."""

    def stepping(function: F) -> F:
        """Compile as :func:`kernel` does, in half the time: for loops that step through states and have nothing to vectorise."""
        compiled: Any = kernel(function)
        original = compiled.compile

        def compile_it(signature: Any) -> Any:
            with _stepping():
                _settle()
                return original(signature)

        compiled.compile = compile_it
        return cast(F, compiled)

    @contextmanager
    def _stepping() -> Iterator[None]:
        """Compile at a lower level of optimisation meanwhile."""
        config: Any = numba.config
        level = config.OPT
        config.OPT = type(level)(1)
        try:
            yield
        finally:
            config.OPT = level

    _pointer_to: Any = numba.types.CPointer
    _TYPES: dict[str, Any] = {
        "Ints": _pointer_to(numba.types.int64),
        "Vector": _pointer_to(numba.types.int32),
        "int": numba.types.int64,
        "bool": numba.types.int64,
        "None": numba.types.void,
    }

    def _popcount64(typing_context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctpop(args[0])

        return numba.types.int64(numba.types.uint64), generate

    popcount64 = cast(Callable[[Any], int], intrinsic(_popcount64))
    """Ones in a uint64 word, as int64; to be called inside kernels only."""

    def _leading_zeros(typing_context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctlz(args[0], context.get_constant(numba.types.boolean, False))

        return numba.types.int64(numba.types.int64), generate

    leading_zeros = cast(Callable[[Any], int], intrinsic(_leading_zeros))
    """Zeros above the highest one of an int64 word, 64 of 0; to be called inside kernels only."""

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

    def spliced(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    def apart(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    def stepping(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    def popcount64(word: Any) -> int:
        """Ones in a uint64 word: the plain twin of the compiled one."""
        return int(word).bit_count()

    def leading_zeros(word: Any) -> int:
        """Zeros above the highest one of an int64 word that is not negative: the plain twin of the compiled one."""
        return 64 - int(word).bit_length()

    def pointer(array: Any) -> Any:
        """The array itself: the plain twin of the compiled one."""
        return array

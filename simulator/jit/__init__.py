"""The one door to numba and LLVM: options, cache and a switch.

``SPARSECYCLE_JIT=0`` runs every kernel as plain Python (slow, for debugging and for a marked subset of the
tests). Compiled code is cached where ``NUMBA_CACHE_DIR`` says, or else beside the sources, or in the user's cache when that
folder cannot be written. numba itself sees only changes of the file a kernel is in, but kernels hold code and constants of
other files, so here the cache is valid for one state of all sources that a kernel may be made of.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
ENABLED = os.environ.get("SPARSECYCLE_JIT", "1") != "0"

_ROOMS = (
    "analytical",
    "datapath",
    "engine",
    "lowering",
    "plan",
    "record",
    "sparsity",
    "transform",
    "workload",
)
"""Rooms that kernels, or constants in them, come from."""

_IMPORT = re.compile(r"^\s*from simulator\.([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


Known = dict[Path, tuple[bytes, tuple[Path, ...]]]
"""Contents of files and the files of the rooms they import from."""


def _read(root: Path, path: Path) -> tuple[bytes, tuple[Path, ...]]:
    """Content of a file, and the files of the rooms below `root` that it imports from."""
    content, found = path.read_bytes(), list[Path]()
    for module, names in _IMPORT.findall(content.decode("utf-8")):
        if module.partition(".")[0] in _ROOMS:
            target = root / module.replace(".", "/")
            files = [target.with_suffix(".py"), target / "__init__.py"]
            files += [target / f"{name}.py" for name in re.findall(r"\w+", names)]
            found += [file for file in files if file.is_file()]
    return content, tuple(found)


def sources(root: Path, path: Path, known: Known | None = None) -> str:
    """SHA-256 over a file and all those it reaches by imports below `root`, within the rooms of kernels, and this package.

    What `known` holds is not read again, what is read is added to it.
    """
    known = {} if known is None else known
    own = sorted((root / "jit").glob("*.py"))
    reached, new = {path}, [path]
    while new:
        file = new.pop()
        known[file] = known.get(file) or _read(root, file)
        found = set(known[file][1]) - reached
        reached |= found
        new += found
    sha = hashlib.sha256()
    for file in [*own, *sorted(reached)]:
        content = known[file][0] if file in known else file.read_bytes()
        sha.update(f"|{file.name}|{len(content)}|".encode() + content)
    return sha.hexdigest()


_known: Known = {}


@cache
def stamp(file: str) -> str:
    """State of the sources that kernels of a file are made of."""
    return sources(Path(__file__).parent.parent, Path(file), _known)


def popcount64(word: Any) -> int:
    """Ones in a word of 64 bits, signed or not; one instruction inside kernels."""
    return (int(word) & 0xFFFFFFFFFFFFFFFF).bit_count()


def leading_zeros(word: Any) -> int:
    """Zeros above the highest one of an int64 word that is not negative, 64 of 0; one instruction inside kernels."""
    return 64 - int(word).bit_length()


def pointer(array: Any) -> Any:
    """The elements of a contiguous array in a row; inside kernels without their owner: one word to pass on, nothing to count.

    The caller keeps the array.
    """
    if not array.flags.c_contiguous:
        raise ValueError("elements of an array that is not contiguous are not in a row")
    return array.reshape(-1)


if ENABLED:
    from simulator.jit.address import Apart
    from simulator.jit.deferred import Kernel
    from simulator.jit.native import define
    from simulator.jit.unit import Source, symbol, translate

    def kernel(function: F) -> F:
        """Compile a function of arrays and scalars with numba (nopython, nogil, cached)."""
        return cast(F, Kernel(function, _stamp_of))

    def inlined(function: F) -> F:
        """Compile as :func:`kernel` does, into the code of its callers: for small functions of hot loops."""
        return cast(F, Kernel(function, _stamp_of, forceinline=True))

    def spliced(function: F) -> F:
        """Paste a function into its callers before they are compiled: for a long part of a hot loop with one caller."""
        return cast(F, Kernel(function, _stamp_of, inline="always"))

    def apart(function: F) -> F:
        """Compile a function of pointers and integers without numba's analyses; Python calls it with arrays.

        The types are those of the annotations: ``Ints``, ``Vector`` and ``Flags`` point to 64, 32 and 8 bits, read with a sign,
        truth is an integer. All such functions of a package become one module of LLVM (:mod:`simulator.jit.unit` says in which
        language), together with the functions they call, whatever their door; numba's kernels cannot call them.
        """
        made = Apart(function, _settle)
        _waiting.setdefault(_package(function), []).append(made)
        return cast(F, made)

    _waiting: dict[str, list[Apart]] = {}
    """Functions that have no address yet, by package."""
    _settling = Lock()

    def _stamp_of(function: Callable[..., Any]) -> str:
        return stamp(function.__code__.co_filename)

    def _package(function: Callable[..., Any]) -> str:
        return function.__module__.rpartition(".")[0] or function.__module__

    def _source(called: Any) -> Source | None:
        if isinstance(called, Apart):
            return Source(called.function, False)
        if isinstance(called, Kernel):
            return Source(called.py_func, bool(called.targetoptions))
        return None

    def _operation(called: Any) -> str | None:
        return "ctpop" if called is popcount64 else "ctlz" if called is leading_zeros else None

    def _settle(function: Callable[..., Any]) -> None:
        """Give addresses to the functions of a package that have none."""
        with _settling:
            package = _package(function)
            made = {symbol(each.function): each for each in _waiting.get(package, [])}
            if symbol(function) not in made:
                return  # another thread was quicker
            own = [made[name].function for name in sorted(made)]
            files = sorted({each.__code__.co_filename for each in own})
            text = partial(translate, own, _source, _operation)
            place, stamps = Path(own[0].__code__.co_filename), [stamp(file) for file in files]
            for name, address in define(package, sorted(made), place, stamps, text).items():
                made[name].address = address
            del _waiting[package]

else:

    def kernel(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

    inlined = spliced = apart = kernel

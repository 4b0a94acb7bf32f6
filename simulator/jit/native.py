"""Machine code of a module of LLVM, kept in files: numba's code generator makes it, LLVM alone loads it again.

So a process whose functions are all kept does without numba, which takes a quarter of a second to load. What is kept is the SHA-256
of an object file and the file, under a name that says what it was made of and for; it is written whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from llvmlite import binding

from simulator.errors import InputError
from simulator.files import replaced

_SHA = 32


def define(
    name: str, symbols: Sequence[str], source: Path, stamp: object, text: Callable[[], str]
) -> dict[str, int]:
    """Addresses of functions of a module, by name, from what is kept or anew.

    Parameters
    ----------
    name : str
        Of the module.
    symbols : sequence of str
        Functions to be called from outside.
    source : Path
        A file it is made of: what is kept lies beside it, or where ``NUMBA_CACHE_DIR`` or the user's cache is.
    stamp : object
        State of the sources the module is made of.
    text : callable
        The module in LLVM's intermediate representation; called when nothing is kept of this stamp.
    """
    file = f"{name}-{_short((*symbols, _processor()))}-{_short(stamp)}.o"
    code = _kept(_folders(source), file)
    if code is None:
        code = _generated(name, text())
        _keep(_folders(source), file, code)
    engine = _engine()
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {symbol: engine.get_function_address(symbol) for symbol in symbols}


@cache
def _processor() -> str:
    """What code is made for, and by which LLVM."""
    host = (
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        binding.get_host_cpu_features().flatten(),
    )
    return _short((binding.llvm_version_info, *host))


def _short(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


@cache
def _engine() -> Any:
    """Where code is loaded; it lives as long as the process, as all that is called by its address must."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine()
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)


def _generated(name: str, text: str) -> bytes:
    """The object file of a module, for the host's processor at the highest level of optimisation."""
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    with global_compiler_lock:
        library = cpu_target.target_context.codegen().create_library(name)
        library.enable_object_caching()
        library.add_llvm_module(binding.parse_assembly(text))
        library.finalize()
        code: bytes = library.serialize_using_object_code()[2][0]
        return code


def _folders(source: Path) -> list[Path]:
    """Where code of a file may be kept, the first that can be written."""
    own = f"{source.parent.name}_{_short(str(source.parent))}"
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return [Path(named) / own]
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    beside = [source.parent / "__pycache__"]
    return (
        [*beside, user / "sparsecycle" / own] if user.is_absolute() else beside
    )  # not where nobody has a home


def _kept(folders: Sequence[Path], name: str) -> bytes | None:
    for folder in folders:
        with contextlib.suppress(OSError):
            content = (folder / name).read_bytes()
            if hashlib.sha256(content[_SHA:]).digest() == content[:_SHA]:
                return content[_SHA:]
    return None


def _keep(folders: Sequence[Path], name: str, code: bytes) -> None:
    """Write it instead of what was kept of another state of the sources, for the same functions and processor.

    If no folder can be written, nothing is kept.
    """
    made_for = name.rpartition("-")[0]
    for folder in folders:
        with contextlib.suppress(OSError, InputError):
            folder.mkdir(parents=True, exist_ok=True)
            with replaced(folder / name) as draft:
                draft.write_bytes(hashlib.sha256(code).digest() + code)
            for before in folder.glob(f"{made_for}-*.o"):
                if before.name != name:
                    before.unlink(missing_ok=True)
            return

"""Files that appear whole or not at all, and the JSON of those that are read by people too."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.errors import InputError


@contextlib.contextmanager
def replaced(path: str | Path) -> Iterator[Path]:
    """A temporary file in the same folder, renamed to `path` when the block ends well and removed when it does not.

    Raises
    ------
    InputError
        The folder does not exist or cannot be written.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror} ({target.parent})") from None
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def json_text(document: object) -> str:
    """A JSON document, what holds further lists or objects on lines of its own, indented by two; what does not, on one line.

    Parameters
    ----------
    document : dict, list, tuple, str, int, float, bool or None
        Keys are str.
    """
    return "".join(_laid_out(document, "\n"))


def _laid_out(value: Any, start: str) -> Iterator[str]:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if not any(isinstance(each, dict | list | tuple) for each in members):
        yield _ENCODE(value)
        return
    named = isinstance(value, dict)
    before = ("{" if named else "[") + start + "  "
    for key, each in value.items() if named else enumerate(value):
        yield before + (f"{_ENCODE(key)}: " if named else "")
        yield from _laid_out(each, start + "  ")
        before = f",{start}  "
    yield start + ("}" if named else "]")

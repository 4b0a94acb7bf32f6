"""The folder a run writes: all of its files or none, and nothing overwritten unasked."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from simulator.errors import InputError

FILES = (
    "result.h5",
    "baseline.h5",
    "config.yaml",
    "summary.json",
    "layers.csv",
    "timeline.png",
    "requests.txt",
    "sample.json",
    "sample.png",
)
"""Every name a run may write."""

Writer = Callable[[Path], None]


def claim(out: Path, force: bool, resumable: Callable[[Path], bool] = lambda out: False) -> None:
    """Refuse a folder that cannot or must not be written, before anything is simulated.

    A folder of which `resumable` is true may hold files.

    Raises
    ------
    InputError
        `out` is no folder, or holds files already and `force` is not given.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file, not a folder")
    if out.is_dir() and any(out.iterdir()) and not force and not resumable(out):
        raise InputError(
            f"--out {out}: is not empty; give --force to overwrite the run in it, or another folder"
        )
    above = next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())
    if not above.is_dir():
        raise InputError(f"--out {out}: {above} is a file, not a folder")
    try:
        Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=above)).rmdir()
    except OSError as error:
        raise InputError(f"--out {out}: {above} cannot be written: {error.strerror}") from None


def write(out: Path, writers: Mapping[str, Writer]) -> None:
    """Write all files beside `out` first, then put them in place; an earlier run's other files go.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror}") from None
    try:
        for name, writer in writers.items():
            writer(draft / name)
        _place(draft, out)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def draft(out: Path, wanted: bool) -> Iterator[Path | None]:
    """A file beside `out` to fill while a run goes on; gone afterwards unless it was put in place. None if not `wanted`.

    Raises
    ------
    InputError
        It cannot be written.
    """
    if not wanted:
        yield None
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror}") from None
    os.close(handle)
    Path(name).chmod(0o644)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _place(draft: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    for name in FILES:
        if (draft / name).exists():
            os.replace(draft / name, out / name)
        else:
            (out / name).unlink(missing_ok=True)

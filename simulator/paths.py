"""Where the data that comes with the package is: the machines of hwconfigs/ and the small traces of traces/.

They are packages of their own beside `simulator` in a checkout and inside it when installed, so two ways lead to them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from simulator.errors import InputError, suggest

ROOTS = ("hwconfigs", "traces")


def data_root(root: str) -> Path:
    """The folder called `root`, in an editable install, a wheel or a plain checkout, from any working directory.

    Raises
    ------
    InputError
        The installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    spec = find_spec(f"simulator.{root}")
    origins = [Path(spec.origin).parent] if spec is not None and spec.origin else []
    for folder in (*origins, here / root, here.parent / root):
        if folder.is_dir():
            return folder
    raise InputError(f"{root}/ is missing from this installation of sparsecycle; install it again")


def data_names(root: str, suffix: str) -> tuple[str, ...]:
    """Names of the files in `root` that end in `suffix`, sorted."""
    return tuple(sorted(path.name for path in data_root(root).iterdir() if path.name.endswith(suffix)))


def data_path(root: str, name: str) -> Path:
    """Path of the file `name` in `root`.

    Raises
    ------
    InputError
        No such file; the message suggests the nearest.
    """
    path = data_root(root) / name
    if not path.is_file():
        raise InputError(f"{root}/ has no {name!r}; {suggest(name, data_names(root, path.suffix))}")
    return path

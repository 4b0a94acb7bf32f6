"""Trees read: lazily, bounded, and checked; a damaged file is refused, never read as other numbers."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.hdf5.schema import PREFIX, describe, plain, sha256_of

T = TypeVar("T")

_DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, AttributeError, MemoryError)
_NODES, _DEPTH = 200_000, 8
_BLOCK = 1 << 22
_DEFLATE = 1100


class Dataset:
    """An array in an open file, read slice by slice.

    Attributes
    ----------
    where : str
        ``file: /path/in/file``, for messages.
    shape : tuple of int
    dtype : numpy dtype
    axes : tuple of str
    attrs : dict of str to attribute
        Includes `units` and `long_name`.
    """

    def __init__(self, dataset: Any, where: str) -> None:
        self.where = where
        self._dataset = dataset
        self.shape: tuple[int, ...] = tuple(int(n) for n in dataset.shape)
        self.dtype: np.dtype[Any] = dataset.dtype
        self.attrs = _read_attrs(dataset, where)
        self.axes: tuple[str, ...] = tuple(self.attrs.pop("DIMENSION_LABELS", ()))
        self._checked = "sha256" not in self.attrs

    @property
    def size(self) -> int:
        """Elements."""
        return int(np.prod(self.shape, dtype=object)) if self.shape else 1

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        return self.size * self.dtype.itemsize

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read a slice; InputError when the file is damaged."""
        if not self._checked:
            self._check()
        with _damage(self.where):
            return np.asarray(self._dataset[key])

    def read(self) -> NDArray[Any]:
        """Read everything; see :meth:`__getitem__`."""
        return self[()]

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process reads the same array from the same file."""
        return _reopened, (os.path.abspath(self._dataset.file.filename), self._dataset.name, self.where)

    def _check(self) -> None:
        sha = hashlib.sha256()
        with _damage(self.where):
            for part in _parts(self.shape, self.dtype.itemsize):
                block = np.ascontiguousarray(self._dataset[part], dtype=self.dtype.newbyteorder("<"))
                sha.update(block.reshape(-1).view(np.uint8).data)
        if sha.hexdigest() != self.attrs["sha256"]:
            raise InputError(f"{self.where}: its bytes do not give its sha256: the file is damaged")
        self._checked = True


def _reopened(path: str, name: str, where: str) -> Dataset:
    """An array that was handed to this process, in a file it keeps open."""
    with _damage(where):
        return Dataset(_kept_open(Path(path))[name], where)


def _parts(shape: tuple[int, ...], itemsize: int) -> Iterator[Any]:
    """Slices along the first axis of about a block each, in order."""
    if not shape:
        yield ()
        return
    row = int(np.prod(shape[1:], dtype=object)) * itemsize
    step = max(1, _BLOCK // max(1, row))
    for start in range(0, shape[0], step):
        yield slice(start, min(shape[0], start + step))


@dataclass(frozen=True)
class Node:
    """A group of an open file.

    Attributes
    ----------
    where : str
        ``file: /path/in/file``, for messages.
    attrs : dict of str to attribute
    groups : dict of str to Node
        By name, sorted.
    datasets : dict of str to Dataset
        By name, sorted.
    """

    where: str
    attrs: dict[str, Any]
    groups: dict[str, Node]
    datasets: dict[str, Dataset]

    def attr(self, name: str, kind: type[T]) -> T:
        """The attribute `name`, of exactly that type (an int is also a float), or InputError."""
        if name not in self.attrs:
            raise InputError(f"{self.where}: no attribute {name!r}; {suggest(name, self.attrs)}")
        value = self.attrs[name]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise InputError(f"{self.where}: attribute {name!r} is {value!r}: must be {kind.__name__}")
        return value

    def group(self, name: str) -> Node:
        """The group `name`, or InputError."""
        if name not in self.groups:
            raise InputError(f"{self.where}: no group {name!r}; {suggest(name, self.groups)}")
        return self.groups[name]

    def dataset(
        self, name: str, dtypes: tuple[str, ...] | None = None, shape: tuple[int | None, ...] | None = None
    ) -> Dataset:
        """The dataset `name`, of one of the element types and the shape (None: any length), or InputError."""
        if name not in self.datasets:
            raise InputError(f"{self.where}: no dataset {name!r}; {suggest(name, self.datasets)}")
        found = self.datasets[name]
        if dtypes is not None and found.dtype.name not in dtypes:
            raise InputError(f"{found.where}: dtype {found.dtype.name}: must be one of {', '.join(dtypes)}")
        if shape is not None and (
            len(shape) != len(found.shape)
            or any(want not in (None, have) for want, have in zip(shape, found.shape, strict=True))
        ):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise InputError(f"{found.where}: shape {found.shape}: must be ({wanted})")
        return found


@dataclass(frozen=True)
class Tree(Node):
    """The root of an open file, with its kind and schema version; close it, or use it in a ``with``."""

    kind: str
    version: int
    file: Any

    def close(self) -> None:
        """Close the file; its datasets cannot be read any more."""
        self.file.close()

    def __enter__(self) -> Tree:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open(path: str | Path, kind: str, newest: int) -> Tree:
    """Open a file for lazy reading: attributes are read and checked now, arrays when they are sliced.

    `kind` is what it must be, e.g. ``trace``; `newest` the newest schema version the caller reads.

    Raises
    ------
    InputError
        Missing, truncated, damaged or not an HDF5 file; HDF5 of another program, of another kind, of a newer
        version; or declaring more than it holds.
    """
    file = _open(Path(path))
    try:
        found, version = _format(file, path)
        if found != kind:
            raise InputError(f"{path}: is a sparsecycle {found}, expected a {kind}")
        if not 1 <= version <= newest:
            raise InputError(f"{path}: format_version {version}: this version reads 1 to {newest}")
        node, described = _Reader(str(path), os.path.getsize(path)).group(file, "", 0)
        recorded = described["attrs"].pop("tree_sha256", None)
        if recorded is not None and recorded != sha256_of(described):
            raise InputError(
                f"{path}: its names and attributes do not give its tree_sha256: the file is damaged"
            )
        return Tree(str(path), node.attrs, node.groups, node.datasets, kind, version, file)
    except BaseException:
        file.close()
        raise


def kind_of(path: str | Path) -> str:
    """What kind of file this is, e.g. ``trace`` or ``result``; InputError when none of ours."""
    with _open(Path(path)) as file:
        return _format(file, path)[0]


def _open(path: Path) -> Any:
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected an HDF5 file")
    with _damage(str(path)):
        if not h5py.is_hdf5(path):
            raise InputError(f"{path}: not an HDF5 file")
        return h5py.File(path, "r", locking=False)


_kept_open = cache(_open)


def _format(file: Any, path: str | Path) -> tuple[str, int]:
    with _damage(str(path)):
        raw = {name: file.attrs.get(name) for name in ("format", "format_version")}
    name, version = (value.item() if isinstance(value, np.generic) else value for value in raw.values())
    if not isinstance(name, str) or not name.startswith(PREFIX):
        raise InputError(
            f"{path}: an HDF5 file of another program: attribute 'format' is {name!r}, not '{PREFIX}...'"
        )
    if isinstance(version, bool) or not isinstance(version, int):
        raise InputError(f"{path}: attribute 'format_version' is {version!r}: must be a whole number")
    return name.removeprefix(PREFIX), version


@contextlib.contextmanager
def _damage(where: str) -> Iterator[None]:
    """Whatever the HDF5 library says of a damaged file, as one InputError."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, PermissionError):
            raise InputError(f"{where}: cannot be read: {error.strerror}") from None
        what = "truncated" if "truncated" in str(error) else "damaged, closed or not readable"
        detail = " ".join(str(error).split())[:200]
        raise InputError(f"{where}: {what} HDF5: {detail}") from None


class _Reader:
    """Walks a file once, reading every attribute and no array, within what the file's own size justifies."""

    def __init__(self, path: str, size: int) -> None:
        self.path, self.size, self.nodes = path, size, 0

    def group(self, node: Any, place: str, depth: int) -> tuple[Node, dict[str, Any]]:
        where = f"{self.path}: {place}" if place else self.path
        if depth > _DEPTH:
            raise InputError(f"{where}: groups nested deeper than {_DEPTH}")
        attrs = _read_attrs(node, where)
        described: dict[str, Any] = {"attrs": dict(attrs)}
        groups, datasets = {}, {}
        with _damage(where):
            names = sorted(node)
        for name in names:
            self.nodes += 1
            if self.nodes > _NODES:
                raise InputError(f"{self.path}: more than {_NODES} groups and datasets")
            child, at = self._child(node, name, where), f"{place}/{name}"
            if isinstance(child, h5py.Group):
                groups[name], described[name] = self.group(child, at, depth + 1)
            else:
                found = datasets[name] = self._dataset(child, f"{self.path}: {at}")
                described[name] = describe(found.shape, found.dtype, found.axes, found.attrs)
        return Node(where, attrs, groups, datasets), described

    def _child(self, node: Any, name: str, where: str) -> Any:
        with _damage(f"{where}/{name}"):
            if not isinstance(node.get(name, getlink=True), h5py.HardLink):
                raise InputError(
                    f"{where}/{name}: a soft or external link: only what is in the file itself is read"
                )
            child = node[name]
        if not isinstance(child, h5py.Group | h5py.Dataset):
            raise InputError(f"{where}/{name}: neither a group nor a dataset")
        return child

    def _dataset(self, dataset: Any, where: str) -> Dataset:
        with _damage(where):
            if dataset.shape is None or dataset.dtype.kind not in "biuf":
                raise InputError(
                    f"{where}: dtype {dataset.dtype}: must be an array of bool, integers or floats"
                )
            if dataset.is_virtual or dataset.external:
                raise InputError(
                    f"{where}: virtual or external storage: only what is in the file itself is read"
                )
            found, stored = Dataset(dataset, where), int(dataset.id.get_storage_size())
        if stored > self.size or found.nbytes > stored * (_DEFLATE if dataset.chunks else 1):
            raise InputError(
                f"{where}: declares {found.nbytes} bytes in shape {found.shape}, the file holds {stored}"
            )
        for name in ("units", "long_name"):
            if not isinstance(found.attrs.get(name), str):
                raise InputError(f"{where}: no attribute {name!r}: every dataset needs one, as text")
        return found


def _read_attrs(node: Any, where: str) -> dict[str, Any]:
    attrs = {}
    with _damage(where):
        for name in sorted(node.attrs):
            value = node.attrs[name]
            attrs[name] = (
                [] if isinstance(value, h5py.Empty) else plain(value, f"{where}: attribute {name!r}")
            )
    return attrs

"""Finished layers of a run that goes on: a file that only grows, so that a run killed at any moment loses none of them.

::

    sparsecycle-journal 1\\n
    record, record, ...      a record is its length (8 bytes, little endian), the SHA-256 of its content, and the content

The first record is what the run is of, as JSON: names and texts that must all be equal for the run to be continued. Every other
one is a finished layer: its index, and the tree that :func:`simulator.record.layer_group.layer_group` makes of it, as a JSON header
and the bytes of its arrays. A record cut short by the end of the process is dropped when the file is opened; nothing is unpickled.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.hdf5 import Data, Dataset, Group, Node
from simulator.record.layer_group import layer_group, read_layer
from simulator.record.result import LayerResult

MAGIC = b"sparsecycle-journal 1\n"
_LENGTH, _SHA = 8, 32


class Journal:
    """Finished layers of one run, by index.

    Parameters
    ----------
    path : Path
        The file; it, and its folder, are made with the first layer that is added.
    told : mapping of str to str
        What the run is of.

    Attributes
    ----------
    layers : dict of int to LayerResult
        Those that were finished before.

    Raises
    ------
    InputError
        The file is of another run (the message says what differs), is none of ours, or another process writes to it.
    """

    def __init__(self, path: str | Path, told: Mapping[str, str]) -> None:
        self.path, self._told = Path(path), dict(told)
        self.layers: dict[int, LayerResult] = {}
        self._file: int | None = None
        if self.path.exists():
            self._open()
            with self._closed_on_error():
                self._read()

    def add(self, index: int, layer: LayerResult) -> None:
        """Keep a finished layer; once this returns, the end of this process cannot lose it."""
        if self._file is None:
            self._begin()
        self.layers[index] = layer
        self._append(_packed(index, layer))

    def close(self) -> None:
        """Let other processes write."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def remove(self) -> None:
        """Close and delete the file, and its folder if nothing else is in it."""
        self.close()
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()

    def _open(self) -> None:
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None
        with self._closed_on_error():
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"{self.path}: another process is writing this run") from None

    def _begin(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path.parent}: cannot be written: {error.strerror}") from None
        self._open()
        assert self._file is not None
        if os.fstat(self._file).st_size:
            self.close()
            raise InputError(f"{self.path}: another process has begun this run meanwhile")
        self._write(MAGIC)
        self._append(json.dumps(self._told).encode())

    def _append(self, content: bytes) -> None:
        self._write(len(content).to_bytes(_LENGTH, "little") + hashlib.sha256(content).digest() + content)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None

    def _read(self) -> None:
        assert self._file is not None
        data = self.path.read_bytes()
        if not data.startswith(MAGIC):
            if MAGIC.startswith(data):  # killed while it was made
                os.ftruncate(self._file, 0)
                self._write(MAGIC)
                self._append(json.dumps(self._told).encode())
                return
            raise InputError(f"{self.path}: is not a journal of finished layers")
        records = list(_records(data))
        os.ftruncate(self._file, records[-1][1] if records else len(MAGIC))
        if not records:
            self._append(json.dumps(self._told).encode())
            return
        self._same(json.loads(records[0][0]))
        for content, _ in records[1:]:
            index, layer = _unpacked(content, str(self.path))
            self.layers[index] = layer

    def _same(self, before: Mapping[str, str]) -> None:
        differ = [name for name in {**before, **self._told} if before.get(name) != self._told.get(name)]
        if differ:
            raise InputError(
                f"{self.path}: is of another run, with {_differences(differ, before, self._told)}"
            )

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise


def _differences(names: list[str], before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs, its values where they are short."""

    def told(name: str) -> str:
        one, other = before.get(name, "none"), now.get(name, "none")
        return f"{name} {one} (now {other})" if len(one) + len(other) <= 60 else f"another {name}"

    return ", ".join(map(told, names))


def _records(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Contents of whole records, and where each ends."""
    at = len(MAGIC)
    while at + _LENGTH + _SHA <= len(data):
        start = at + _LENGTH + _SHA
        stop = start + int.from_bytes(data[at : at + _LENGTH], "little")
        content = data[start:stop]
        if stop > len(data) or hashlib.sha256(content).digest() != data[at + _LENGTH : start]:
            return
        yield content, stop
        at = stop


def _packed(index: int, layer: LayerResult) -> bytes:
    arrays: list[bytes] = []
    tree = _described(layer_group(layer), arrays)
    header = json.dumps({"index": index, "tree": tree}).encode()
    return b"".join([len(header).to_bytes(_LENGTH, "little"), header, *arrays])


def _described(group: Group, arrays: list[bytes]) -> dict[str, Any]:
    children = {
        name: _described(child, arrays) if isinstance(child, Group) else _array(child, arrays)
        for name, child in group.children.items()
    }
    return {"attrs": dict(group.attrs), "children": children}


def _array(data: Data, arrays: list[bytes]) -> dict[str, Any]:
    array = np.ascontiguousarray(data.array)
    arrays.append(array.tobytes())
    return {"dtype": array.dtype.str, "shape": list(array.shape), "attrs": dict(data.attrs)}


def _unpacked(content: bytes, where: str) -> tuple[int, LayerResult]:
    start = int.from_bytes(content[:_LENGTH], "little") + _LENGTH
    header = json.loads(content[_LENGTH:start])
    node, _ = _node(header["tree"], content, start, f"{where}: layer {header['index']}")
    return int(header["index"]), read_layer(node)


def _node(tree: dict[str, Any], content: bytes, at: int, where: str) -> tuple[Node, int]:
    groups: dict[str, Node] = {}
    datasets: dict[str, Dataset] = {}
    for name, told in tree["children"].items():
        if "children" in told:
            groups[name], at = _node(told, content, at, f"{where}/{name}")
            continue
        array = np.frombuffer(content, told["dtype"], int(np.prod(told["shape"])), at).reshape(told["shape"])
        at += array.nbytes
        datasets[name] = Dataset(_InMemory(array, told["attrs"]), f"{where}/{name}")
    return Node(where, tree["attrs"], groups, datasets), at


class _InMemory:
    """An array and its attributes, read as a dataset of a file is."""

    def __init__(self, array: NDArray[Any], attrs: dict[str, Any]) -> None:
        self.array, self.attrs = array, attrs
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.asarray(self.array[key])

"""What is told of layers that are alike: of one size, with the same layout, mapping and formats, on one machine.

Most of a plan depends on no element of the operands: where visits are, what weights take, how steps follow one another. Networks
repeat their layers, and what is known of one of them is kept for the others: arrays and chunks, by name, of the latest layers,
within so many bytes. Nothing kept refers to a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import is_dataclass
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from simulator.hardware.machine import Machine
from simulator.lowering.blocks import KEPT
from simulator.plan import Chunk

T = TypeVar("T")
LATEST, KEPT_OF_ALL = 128, 1 << 26
"""Sizes that something is known of at once, and bytes of what is kept of all of them."""


class Known:
    """What is known of layers of one size."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}
        self._chunks: dict[str, tuple[Chunk, ...]] = {}
        self.nbytes = 0

    def get(self, name: str, make: Callable[[], T]) -> T:
        """What has a name, made when it is first asked for, and kept if it is small; it must not refer to a layer."""
        if name in self._found:
            kept: T = self._found[name]
            return kept
        found = make()
        size = _bytes(found)
        if size <= KEPT:
            self._found[name] = found
            self.nbytes += size
        return found

    def chunks(self, name: str, tell: Callable[[], Iterator[Chunk]]) -> Callable[[], Iterator[Chunk]]:
        """The chunks of a program; kept when they were read to the end and are few."""

        def read() -> Iterator[Chunk]:
            if (kept := self._chunks.get(name)) is not None:
                yield from kept
                return
            told, size = list[Chunk](), 0
            for chunk in tell():
                size += chunk.nbytes
                if size <= KEPT:
                    told.append(chunk)
                yield chunk
            if size <= KEPT and name not in self._chunks:
                self._chunks[name] = tuple(told)
                self.nbytes += size

        return read


_PLAIN = frozenset((int, bool, str, type(None)))
"""Types without arrays, which most parts of a value have."""


def _bytes(value: object) -> int:
    """Bytes of the arrays in a value."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (tuple, list)):
        parts: Iterable[object] = value
    elif is_dataclass(value):
        parts = vars(value).values()
    else:
        return 0
    return sum(_bytes(part) for part in parts if type(part) not in _PLAIN)


class Same:
    """A machine as part of a size: no other is the same, however equal; so nothing of it need be looked at."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine  # as long as this lives, no other has its id

    def __hash__(self) -> int:
        return id(self._machine)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self._machine is other._machine


class Size:
    """A size whose hash, which takes long, is taken once; it may be part of another."""

    def __init__(self, size: Hashable) -> None:
        self._size, self._hash = size, hash(size)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and self._hash == other._hash and self._size == other._size


class Latest:
    """Sizes asked for last, the latest at the end."""

    def __init__(self, most: int = LATEST, size: int = KEPT_OF_ALL) -> None:
        self._most, self._room = most, size
        self._known: dict[Size, Known] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, size: Hashable) -> Known:
        """What is known of a size; before a new one, the oldest are dropped where there are too many, or they keep too much."""
        key = size if isinstance(size, Size) else Size(size)
        with self._lock:
            found = self._known.pop(key, None)
            if found is None:
                found = Known()
                kept = sum(each.nbytes for each in self._known.values())
                while self._known and (len(self._known) >= self._most or kept > self._room):
                    kept -= self._known.pop(next(iter(self._known))).nbytes
            self._known[key] = found
            return found


_latest = Latest()


def known(size: Hashable) -> Known:
    """What is known of layers of a size: all that plans of theirs depend on, but for their operands' elements."""
    return _latest.get(size)

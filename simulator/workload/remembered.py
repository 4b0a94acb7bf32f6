"""Arrays worked out of an operand or a layer that are asked for again: by the next machine that runs it, or its baseline."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any
from weakref import ref

from numpy.typing import NDArray

ROOM = 1 << 26
"""Bytes of all arrays that are remembered."""


class Remembered:
    """The arrays asked for last, within so many bytes; they cannot be written to. Whose owner is gone is never found again."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = self._left = room
        self._kept: OrderedDict[Hashable, tuple[ref[Any], NDArray[Any]]] = OrderedDict()
        self._lock = Lock()

    def get(self, owner: object, name: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of an owner by its name, made if it is not remembered; one larger than the room for all never is."""
        key = id(owner), name
        with self._lock:
            of, array = self._kept.get(key, (None, None))
            if of is not None and array is not None and of() is owner:
                self._kept.move_to_end(key)
                return array
        array = make()
        array.flags.writeable = False
        if array.nbytes > self._room:
            return array
        with self._lock:
            self._forget(key)
            self._kept[key] = ref(owner), array
            self._left -= array.nbytes
            while self._left < 0:
                self._forget(next(iter(self._kept)))
        return array

    def _forget(self, key: Hashable) -> None:
        if key in self._kept:
            self._left += self._kept.pop(key)[1].nbytes


remembered = Remembered()

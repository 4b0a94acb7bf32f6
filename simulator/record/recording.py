"""What happened in a window of cycles of one run, item by item: equal from every engine.

The window is [begin, end). An item is told when it is under way in it: ``start < end`` and ``depart >= begin``; its own cycles are
never cut. States are those of every cycle of the window, as intervals that follow one another without a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError

MOST = 1_000_000
"""Items and intervals of state that are kept of one run unless more are asked for; about 32 bytes each."""


@dataclass(frozen=True)
class Window:
    """Which cycles of a run to tell, and how much at most.

    Attributes
    ----------
    begin, end : int
        Cycles [begin, end) of the run; `end` may lie behind its last.
    most : int
        Items and intervals of state together.
    kept : int
        How many of them are there from earlier runs.

    Raises
    ------
    InputError
        An empty window, one that begins before cycle 0, or no room.
    """

    begin: int
    end: int
    most: int = MOST
    kept: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.begin < self.end:
            raise InputError(
                f"cycles {self.begin}:{self.end}: must be FIRST:BEYOND with 0 <= FIRST < BEYOND, for example 0:5000"
            )
        if self.most < 1:
            raise InputError(f"at most {self.most} events: must be at least 1")

    @property
    def room(self) -> int:
        """How many more may be kept."""
        return self.most - self.kept

    def crowded(self) -> InputError:
        """The error when more happens in the window than may be kept."""
        return InputError(
            f"cycles {self.begin}:{self.end}: more than {self.most:,} items and intervals; choose fewer cycles, "
            "or allow more"
        )


@dataclass(frozen=True, eq=False)
class ProgramEvents:
    """The items of one program that were under way in the window.

    Attributes
    ----------
    name : str
    first : int
        Items of the program that departed before the window: the number of the first of these, from 0.
    start, finish, depart : ndarray of int64, shape (items,)
        First and last cycle in service, and the cycle of the departure.
    """

    name: str
    first: int
    start: NDArray[np.int64]
    finish: NDArray[np.int64]
    depart: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProgramEvents):
            return NotImplemented
        same = all(np.array_equal(getattr(self, n), getattr(other, n)) for n in ("start", "finish", "depart"))
        return same and (self.name, self.first) == (other.name, other.first)


@dataclass(frozen=True, eq=False)
class ComponentEvents:
    """What one component was doing in the window.

    Attributes
    ----------
    name, group, kind : str
    begins : ndarray of int64, shape (intervals,)
        First cycle of every interval; each ends where the next begins, the last with the window.
    states : ndarray of uint8, shape (intervals,)
        Indices into :data:`simulator.record.states.STATES`; neighbours differ.
    programs : tuple of ProgramEvents
    """

    name: str
    group: str
    kind: str
    begins: NDArray[np.int64]
    states: NDArray[np.uint8]
    programs: tuple[ProgramEvents, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComponentEvents):
            return NotImplemented
        same = np.array_equal(self.begins, other.begins) and np.array_equal(self.states, other.states)
        told = (self.name, self.group, self.kind, self.programs)
        return same and told == (other.name, other.group, other.kind, other.programs)


@dataclass(frozen=True)
class Recording:
    """A window of a run.

    Attributes
    ----------
    begin, end : int
        Cycles [begin, end), cut to the run.
    components : tuple of ComponentEvents
        In plan order.
    """

    begin: int
    end: int
    components: tuple[ComponentEvents, ...]

    @property
    def size(self) -> int:
        """Items and intervals of state."""
        return sum(len(part.begins) + sum(map(len, part.programs)) for part in self.components)


def merged(
    begins: NDArray[np.int64], states: NDArray[np.uint8], begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Intervals that follow one another, cut to [begin, end) and neighbours of one state joined.

    Parameters
    ----------
    begins : ndarray of int64, shape (n + 1,)
        Where the intervals begin, and where the last ends.
    states : ndarray of uint8, shape (n,)
    begin, end : int
    """
    kept = (begins[:-1] < end) & (begins[1:] > begin) & (begins[1:] > begins[:-1])
    first, state = np.maximum(begins[:-1][kept], begin), states[kept]
    new = np.ones(len(state), dtype=np.bool_)
    new[1:] = state[1:] != state[:-1]
    return first[new], state[new]

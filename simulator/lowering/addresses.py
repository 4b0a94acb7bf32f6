"""Where pieces of tensors lie in main memory.

::

    weights, inputs, outputs, one after the other, each from a whole page on
    base(piece) = start of its tensor + sizes of the pieces before it, each rounded up to whole bursts

Pieces are in the order of their names, whatever the order they are moved in; a piece moved again lies where it lay. A transfer
reads or writes consecutive bursts of one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.hardware.components import Dram
from simulator.lowering.blocks import ROWS
from simulator.plan import Access

PAGE = 4096
"""Bytes; a tensor begins on a page."""

TENSORS = ("weights", "inputs", "outputs")


class Transfer(NamedTuple):
    """Consecutive bursts that are moved one after the other.

    Attributes
    ----------
    piece : tuple of int
        Name of the piece; a tensor's pieces lie in the order of their names.
    bursts : int
    first : int
        Burst of the piece that is moved first.
    """

    piece: tuple[int, ...]
    bursts: int
    first: int = 0


Transfers = Callable[[], Iterable[Transfer]]
"""The transfers of a tensor in order, told anew with every call."""


@dataclass(frozen=True)
class Regions:
    """Places of all pieces of a layer.

    Attributes
    ----------
    dram : Dram
    transfers : mapping of str to Transfers
        Of weights, inputs and outputs.
    """

    dram: Dram
    transfers: Mapping[str, Transfers]

    @cached_property
    def bases(self) -> dict[str, dict[tuple[int, ...], int]]:
        """Address of each piece, per tensor."""
        burst, start = self.dram.burst.value, 0
        found: dict[str, dict[tuple[int, ...], int]] = {}
        for tensor in TENSORS:
            sizes = self._sizes(tensor)
            found[tensor] = {}
            for piece in sorted(sizes):
                found[tensor][piece] = start
                start += sizes[piece] * burst
            start += -start % PAGE
        return found

    def _sizes(self, tensor: str) -> dict[tuple[int, ...], int]:
        """Bursts of each piece."""
        sizes: dict[tuple[int, ...], int] = {}
        for piece, bursts, first in self.transfers[tensor]():
            sizes[piece] = max(sizes.get(piece, 0), first + bursts)
        return sizes

    def runs(self, tensor: str) -> Iterator[NDArray[np.int64]]:
        """Addresses of the bursts of every transfer of a tensor, as runs; see :class:`simulator.plan.Access`."""
        burst, bases = self.dram.burst.value, self.bases[tensor]
        return tables(
            (bursts, bases[piece] + first * burst, burst) for piece, bursts, first in self.transfers[tensor]()
        )

    def access(self, tensor: str) -> Access:
        """How the program of a tensor reaches the memory."""
        return Access(tensor == "outputs", partial(self.runs, tensor))


def bursts(size: int, burst: int) -> int:
    """Bursts that a piece of `size` bytes takes, at least one."""
    return max(1, -(-size // burst))


def assumptions(dram: Dram) -> tuple[str, ...]:
    """What a result rests on about main memory."""
    if dram.timing is None:
        return (dram.assumption,)
    return dram.assumption, "tensors lie in DRAM one after the other, their pieces contiguous and in order"


def tables(runs: Iterable[tuple[int, int, int]]) -> Iterator[NDArray[np.int64]]:
    """Runs of addresses (count, base, stride) as tables of bounded size."""
    pending: list[tuple[int, int, int]] = []
    for run in runs:
        pending.append(run)
        if len(pending) == ROWS:
            yield np.array(pending, dtype=np.int64)
            pending = []
    if pending:
        yield np.array(pending, dtype=np.int64)

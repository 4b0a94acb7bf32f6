"""Strips of inputs, tiles of both operands as compressed fibers, and the tiles of outputs in order.

::

    for group
      for strip of N            its inputs stay in the buffer, over all of K
        for tile of M
          for tile of N         a tile of outputs, dealt to the elements one after the other
            for block of K      in which both tiles hold anything; the tiles of a wave, one per element, take turns

Only fibers with a non-zero are stored. Of a tile with f fibers and z non-zeros in a block of K, values of v bits::

    bits = f (coordinate + payload) + z (coordinate + v),       and above it, per block that holds anything, coordinate + payload

Weights stay for a ``group`` if they fit beside the inputs; otherwise each row of tiles is fetched again for every ``strip``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import skip_ahead
from simulator.datapath.skip_ahead import Fibers, Service
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.skip_ahead import SkipAhead
from simulator.lowering.pieces import Piece
from simulator.workload.matrix import GemmView

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """All tiles of outputs in order, arrays of int64 with an entry each.

    Attributes
    ----------
    group, i, j, rows, columns, element : ndarray of int64, shape (outputs,)
        Tiles `i` of M and `j` of N of a group, its size, and the element it is dealt to.
    fetch, last : ndarray of int64, shape (2, outputs)
        For weights and inputs 1 where it is the first, and the last, to use their piece.
    """

    group: Integers
    i: Integers
    j: Integers
    rows: Integers
    columns: Integers
    element: Integers
    fetch: Integers
    last: Integers


@dataclass(frozen=True)
class Stored:
    """An operand of a group as it is stored: bits of every tile's blocks, and blocks that hold anything.

    Attributes
    ----------
    bits : ndarray of int64, shape (tiles, blocks)
    held : ndarray of bool, shape (tiles, blocks)
    """

    bits: Integers
    held: NDArray[np.bool_]

    @cached_property
    def sizes(self) -> Integers:
        """Bytes of every tile's blocks, each by itself."""
        return -(-self.bits // 8)


class Strips:
    """A layer in strips of `columns`, weights kept for a ``group`` or a ``strip``."""

    def __init__(self, machine: SkipAhead, view: GemmView, columns: int, hold: str) -> None:
        self.machine, self.view, self.columns, self.hold = machine, view, columns, hold

    def cut(self, columns: int, hold: str) -> Strips:
        """The same layer in other strips; what is stored is worked out once."""
        other = Strips(self.machine, self.view, columns, hold)
        other.__dict__.update(fibers=self.fibers, stored=self.stored)
        return other

    @cached_property
    def tile(self) -> tuple[int, int]:
        """Rows and columns of a tile of outputs."""
        parts = self.machine.components.elements
        return parts.tile_rows.value, parts.tile_columns.value

    @cached_property
    def fibers(self) -> list[tuple[Fibers, Fibers]]:
        """Fibers of weights and of inputs, per group."""
        view, depth = self.view, self.machine.components.elements.depth.value
        return [
            (
                skip_ahead.compress(view.weights_mask(g), depth),
                skip_ahead.compress(view.inputs_mask(g, 0, view.K, 0, view.N).T, depth),
            )
            for g in range(view.groups)
        ]

    @cached_property
    def service(self) -> list[Service]:
        """What every pair of tiles asks of an element, per group."""
        window = self.machine.components.elements.window.value
        return [skip_ahead.service(*pair, self.tile, window) for pair in self.fibers]

    @cached_property
    def tables(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Cycles, products, coordinates passed and sums of :attr:`service`, shape (groups, tiles of M, tiles of N, blocks)."""
        found = self.service
        return (
            np.stack([part.cycles for part in found]),
            np.stack([part.products for part in found]),
            np.stack([part.scanned for part in found]),
            np.stack([part.sums for part in found]),
        )

    @cached_property
    def stored(self) -> list[tuple[Stored, Stored]]:
        """Weights and inputs as they are stored, per group."""
        bits = self.machine.value_bits
        return [
            (
                self._stored(a, self.tile[0], bits.weights.value),
                self._stored(b, self.tile[1], bits.inputs.value),
            )
            for a, b in self.fibers
        ]

    def _stored(self, fibers: Fibers, tile: int, bits: int) -> Stored:
        llb, count = self.machine.components.llb, fibers.occupancy
        head, value = llb.coordinate.value + llb.payload.value, llb.coordinate.value + bits
        starts = np.arange(0, len(count), tile)
        sizes = np.add.reduceat((count > 0) * head + count * value, starts, axis=0)
        return Stored(sizes.astype(np.int64), sizes > 0)

    def spans(self) -> list[range]:
        """Tiles of N of each strip."""
        tiles, per = -(-self.view.N // self.tile[1]), -(-self.columns // self.tile[1])
        return [range(j, min(tiles, j + per)) for j in range(0, tiles, per)]

    @cached_property
    def order(self) -> Order:
        """All tiles of outputs."""
        view, (rows, columns), spans = self.view, self.tile, self.spans()
        tiles = -(-view.M // rows)
        i = np.concatenate([np.repeat(np.arange(tiles), len(span)) for span in spans])
        j = np.concatenate([np.tile(np.arange(span.start, span.stop), tiles) for span in spans])
        strip = np.repeat(np.arange(len(spans)), [tiles * len(span) for span in spans])
        begin, end = (np.array(edge)[strip] for edge in zip(*((s[0], s[-1]) for s in spans), strict=True))
        first, last = (j == begin) & (i == 0), (j == end) & (i == tiles - 1)
        fetch, done = np.stack([j == begin, first]), np.stack([j == end, last])
        if self.hold == "group":
            fetch[0], done[0] = first & (strip == 0), last & (strip == len(spans) - 1)
        groups, each = view.groups, len(i)
        height = np.tile(np.minimum(rows, view.M - i * rows), groups)
        width = np.tile(np.minimum(columns, view.N - j * columns), groups)
        element = np.arange(groups * each) % self.machine.components.elements.count.value
        uses = [np.tile(x.astype(np.int64), (1, groups)) for x in (fetch, done)]
        group, i, j = np.repeat(np.arange(groups), each), np.tile(i, groups), np.tile(j, groups)
        return Order(group, i, j, height, width, element, uses[0], uses[1])

    @cached_property
    def waves(self) -> list[tuple[int, int]]:
        """Begin and end of consecutive tiles of outputs whose pairs are sent in turns: a tile per element, and no more pieces of an
        operand than the buffer has room for beside one that is fetched meanwhile, since all are let go together.
        """
        found, begin, used = list[tuple[int, int]](), 0, [1, 1]
        elements = self.machine.components.elements.count.value
        room = [max(1, self.slots(tensor) - 1) for tensor in ("weights", "inputs")]
        for number, (weights, inputs) in enumerate(self.order.fetch.T.tolist()):
            now = [used[0] + weights, used[1] + inputs]
            full = number - begin == elements or now[0] > room[0] or now[1] > room[1]
            if number == begin:
                continue
            if full:
                found.append((begin, number))
                begin, now = number, [1, 1]
            used = now
        return [*found, (begin, len(self.order.i))]

    @cached_property
    def held(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Blocks that hold anything of weights and of inputs, shape (groups, tiles, blocks)."""
        return np.stack([a.held for a, _ in self.stored]), np.stack([b.held for _, b in self.stored])

    @cached_property
    def sizes(self) -> tuple[Integers, Integers]:
        """Bytes of every block of weights and of inputs, shape (groups, tiles, blocks)."""
        return np.stack([a.sizes for a, _ in self.stored]), np.stack([b.sizes for _, b in self.stored])

    # --- pieces -----------------------------------------------------------------------------------------------------

    def pieces(self, tensor: str) -> tuple[Piece, ...]:
        """Pieces of a tensor in the order they are fetched."""
        return self._weights if tensor == "weights" else self._inputs

    def piece_names(self, tensor: str) -> Iterator[tuple[int, int]]:
        """Group and, as it is cut, row of tiles or strip of every piece of a tensor, in the order they are fetched."""
        for group, (a, _) in enumerate(self.stored):
            if tensor == "inputs":
                yield from ((group, strip) for strip in range(len(self.spans())))
            elif self.hold == "group":
                yield group, 0
            else:
                yield from ((group, i) for _ in self.spans() for i in range(len(a.bits)))

    @cached_property
    def _weights(self) -> tuple[Piece, ...]:
        found: list[Piece] = []
        for a, _ in self.stored:
            every = range(len(a.bits))
            if self.hold == "group":
                found.append(self._piece(a, every))
            else:
                found += [self._piece(a, range(i, i + 1)) for _ in self.spans() for i in every]
        return tuple(found)

    @cached_property
    def _inputs(self) -> tuple[Piece, ...]:
        view, found, width = self.view, [], self.tile[1]
        for group, (_, b) in enumerate(self.stored):
            for span in self.spans():
                n0, n1 = span[0] * width, min(view.N, span[-1] * width + width)
                piece, (elements, _) = self._piece(b, span), view.unique_inputs(group, 0, view.K, n0, n1)
                once = -(-piece.dram * elements // ((n1 - n0) * view.K))
                found.append(Piece(once, piece.data, 0))
        return tuple(found)

    def _piece(self, stored: Stored, tiles: range) -> Piece:
        """Tiles side by side in DRAM; in the buffer, each tile's blocks and its fiber of blocks begin on a row."""
        part, row = slice(tiles.start, tiles.stop), self.machine.components.llb.row.value
        heads = self.heads(stored)[part]
        rows = int((-(-stored.sizes[part] // row)).sum() + (-(-heads // row)).sum())
        return Piece(-(-int(stored.bits[part].sum()) // 8) + int(heads.sum()), rows * row, 0)

    def heads(self, stored: Stored) -> Integers:
        """Bytes of the fiber of blocks of every tile."""
        llb = self.machine.components.llb
        bits: Integers = stored.held.sum(axis=1) * (llb.coordinate.value + llb.payload.value)
        return -(-bits // 8)

    def slots(self, tensor: str) -> int:
        """Pieces of a tensor the buffer has room for."""
        return min(self.machine.components.llb.tile_buffers.value, len(self.pieces(tensor)))

    @property
    def storage(self) -> int:
        """Bytes of the buffer in use."""
        tensors = ("weights", "inputs")
        return sum(self.slots(tensor) * max(p.data for p in self.pieces(tensor)) for tensor in tensors)

    @property
    def fits(self) -> bool:
        """Whether the buffer holds it."""
        return self.storage <= self.machine.components.llb.capacity.value

    @property
    def element_bytes(self) -> int:
        """Bytes of an element's buffer in use: its largest pairs of tiles, and its tiles of outputs."""
        parts, largest = self.machine.components.elements, 0
        for a, b in self.stored:
            largest = max(largest, int((a.sizes.max(axis=0) + b.sizes.max(axis=0)).max()))
        sums = -(-self.tile[0] * self.tile[1] * parts.accumulator.value // 8)
        return parts.operand_buffers.value * largest + parts.output_buffers.value * sums

    def written(self) -> list[int]:
        """DRAM bytes of every tile of outputs."""
        bits = self.machine.value_bits.outputs.value
        found: list[int] = (-(-self.order.rows * self.order.columns * bits // 8)).tolist()
        return found


def choose(machine: SkipAhead, view: GemmView) -> Strips:
    """The widest strip beside which the weights of a group stay, or the widest of all, whichever fetches less.

    Raises
    ------
    InfeasibleError
        The narrowest strip, or the one asked for, does not fit; or a pair of tiles does not fit an element.
    """
    wanted, width = machine.mapping.tile["N"], machine.components.elements.tile_columns.value
    sizes = [min(view.N, wanted)] if wanted else [view.N]
    while not wanted and sizes[-1] > width:
        sizes.append(max(width, sizes[-1] // 2))
    whole = Strips(machine, view, sizes[0], "group")
    found = [_widest(whole, sizes, hold) for hold in ("group", "strip")]
    held, buffer = found[0].element_bytes, machine.components.elements.buffer
    if held > buffer.value:
        raise InfeasibleError(
            f"a pair of tiles and tiles of outputs take {held} B of an element, elements.buffer is {buffer.text}: lower "
            "elements.tile_rows, elements.tile_columns or elements.depth"
        )
    fitting = [strips for strips in found if strips.fits]
    if fitting:
        return min(fitting, key=lambda s: sum(p.dram for t in ("weights", "inputs") for p in s.pieces(t)))
    raise InfeasibleError(
        f"a strip of {sizes[-1]} columns of inputs over all {view.K} of K, and its rows of tiles of weights, take "
        f"{found[-1].storage} B, llb.capacity is {machine.components.llb.capacity.text}: raise it, or lower mapping.tile.N"
    )


def _widest(whole: Strips, sizes: list[int], hold: str) -> Strips:
    """The first that fits, or else the last."""
    for columns in sizes:
        strips = whole.cut(columns, hold)
        if strips.fits:
            break
    return strips

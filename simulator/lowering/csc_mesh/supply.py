"""Programs between main memory, the buffers of the clusters and the networks.

Main memory is read in the order of rounds and tiles along K, part after part, in bursts: the fibers of a
part lie one behind the other, and so do its outputs. A stream that has no room holds up those behind it. A buffer holds as many
fibers of a stream as its share of it has room for at their longest, and those of a burst at least::

    places = max(bytes of the buffer / streams that start in it / bytes of the longest fiber, bytes of a burst)

No part is read further ahead of the others than that: elements that add to each other's sums need the same fibers of different
parts at once, so a part of more fibers than places comes that many at a time, in turn with the others.

If all fibers of a group fit, they are read from main memory once and kept for all rounds, else they come again in every round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import islice, zip_longest
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.lowering import addresses
from simulator.lowering.addresses import Regions, Transfer
from simulator.lowering.blocks import gather
from simulator.lowering.csc.batch import Stretch, Tile
from simulator.lowering.csc.links import WORD, bursts
from simulator.lowering.csc.pipeline import chunk
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.csc_mesh import ports
from simulator.lowering.csc_mesh.chip import Chip, Element, Stream
from simulator.lowering.kinds import Blocks
from simulator.lowering.noc import Node
from simulator.plan import Chunk, RunWriter, Visits
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK

Counts = NDArray[np.int64]
T = TypeVar("T")

ITEMS = 1 << 14
"""Bursts of outputs told at a time."""

CELLS = 1 << 16
"""Tiles of weights told at a time, times the streams they are for."""


class Supply:
    """What main memory and the buffers do.

    Attributes
    ----------
    chip : Chip
    weights, inputs : list of Stream
    """

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.weights, self.inputs = chip.streams("M"), chip.streams("N")
        networks = chip.machine.components.networks
        self.weight_flit, self.input_flit = networks.weights.flit.value, networks.inputs.flit.value
        self.psum_flit = networks.psums.flit.value
        self.burst = chip.machine.components.dram.burst.value

    # --- Sizes --------------------------------------------------------------------------------------------------

    def fiber_bytes(self, tiles: Tiles, stretch: Stretch) -> Counts:
        """Bytes of the fibers of a stretch in main memory."""
        return -(-tiles.fiber_bits(tiles.fibers(stretch).entries) // 8)

    def places(self, stream: Stream) -> int:
        """Fibers that the buffer holds of a stream of inputs."""
        return self._places[stream.home]

    @cached_property
    def _places(self) -> dict[Node, int]:
        """Fibers that the buffer of a cluster holds of each stream that starts in it."""
        parts = self.chip.machine.components
        tiles = self.chip.tiles(self.inputs[0])
        longest = -(-int(tiles.fiber_bits(np.array([parts.inputs.entries.value]))[0]) // 8)
        shared = Counter(stream.home for stream in self.inputs)
        return {
            home: max(self.burst, parts.glb.inputs.value // count // longest)
            for home, count in shared.items()
        }

    def kept(self, stream: Stream) -> bool:
        """Whether all fibers of a group stay in the buffer from the first round to the last."""
        tiles = self.chip.tiles(stream)
        down, along = self.chip.rounds
        return down > 1 and tiles.visits * along <= self.places(stream)

    def _round(self, number: int) -> int:
        """Round of a tile by its place in the order of an element's tiles."""
        down, along = self.chip.rounds
        return number // along % down

    def weight_flits(self, stream: Stream) -> int:
        """Flits of a stream of weights."""
        return int(ports.flits(ports.tile_bits(self.chip.tiles(stream)), self.weight_flit).sum())

    def input_flits(self, stream: Stream) -> int:
        """Flits of a stream of inputs, with all its rounds."""
        tiles = self.chip.tiles(stream)
        each = ports.flits(tiles.fiber_bits(np.arange(tiles.columns + 1)), self.input_flit)
        return int(sum(each[entries].sum() for tile in tiles.tiles for entries in tiles.entries(tile)))

    # --- The order of main memory -------------------------------------------------------------------------------

    def _weights(self) -> Iterator[tuple[int, Tile, int]]:
        """(Stream, tile, its bytes in main memory)."""
        lists = [self.chip.tiles(stream) for stream in self.weights]
        sizes = [(-(-ports.tile_bits(tiles) // 8)).tolist() for tiles in lists]
        for number in range(len(lists[0].tiles)):
            for which, tiles in enumerate(lists):
                yield which, tiles.tiles[number], sizes[which][number]

    def _inputs(self) -> Iterator[tuple[int, Tiles, Stretch]]:
        """(Stream, tiles, stretch), a stretch of each in turn; those that are kept only in the first round."""
        lists = [self.chip.tiles(stream) for stream in self.inputs]
        kept = [self.kept(stream) for stream in self.inputs]
        most = min(self.places(stream) for stream in self.inputs)
        for number in range(len(lists[0].tiles)):
            again = self._round(number)
            coming = [
                () if again and kept[which] else tuple(tiles.cut(tiles.tiles[number], most))
                for which, tiles in enumerate(lists)
            ]
            for turn in zip_longest(*coming):
                for which, stretch in enumerate(turn):
                    if stretch is not None:
                        yield which, lists[which], stretch

    def clusters(self) -> list[Node]:
        """Those with work."""
        return list(dict.fromkeys(element.cluster for element in self.chip.elements))

    def outputs(self, cluster: Node) -> Iterator[tuple[Element, Tiles, Tile]]:
        """(Element, its tiles, tile) of every tile of a cluster whose outputs leave, element after element."""
        elements = [each for each in self.chip.elements.items() if each[0].cluster == cluster]
        for number in range(len(elements[0][1].tiles)):
            for element, tiles in elements:
                tile = tiles.tiles[number]
                if tile.last and tile.rows:
                    yield element, tiles, tile

    @cached_property
    def _written(self) -> tuple[Counts, Counts, Counts, list[tuple[int, int, int]], Counts]:
        """(Cluster by number, bytes, piece by number, burst of it) of every burst of outputs, a burst of each cluster in turn; the
        pieces by name before the last.
        """
        names, columns = list[tuple[int, int, int]](), list[Counts]()
        for number, cluster in enumerate(self.clusters()):
            place = 0
            for _, tiles, tile in self.outputs(cluster):
                size = self._pieces(tiles.visits * tiles.output_bytes(tile))
                within = np.arange(len(size))
                columns.append(
                    np.array(
                        [
                            place + within,
                            np.full_like(size, number),
                            size,
                            np.full_like(size, len(names)),
                            within,
                        ]
                    )
                )
                names.append((tile.group, tile.m0, tiles.n0))
                place += len(size)
        told = np.concatenate(columns, axis=1)
        _, which, size, piece, first = told[:, np.lexsort(told[1::-1])]
        return which, size, piece, names, first

    def regions(self) -> Regions:
        """Where the pieces of a layer lie."""

        def weights() -> Iterator[Transfer]:
            for _, tile, size in self._weights():
                count = addresses.bursts(size, self.burst)
                yield Transfer((tile.group, tile.m0, tile.m1, tile.k0, tile.k1), count)

        def inputs() -> Iterator[Transfer]:
            for _, tiles, stretch in self._inputs():
                count = addresses.bursts(int(self.fiber_bytes(tiles, stretch).sum()), self.burst)
                tile = stretch.tile
                yield Transfer((tile.group, tile.k0, tile.k1, stretch.n0), count)

        def outputs() -> Iterator[Transfer]:
            _, _, pieces, names, bursts_of = self._written
            for piece, first in zip(pieces.tolist(), bursts_of.tolist(), strict=True):
                yield Transfer(names[piece], 1, first)

        told = {"weights": weights, "inputs": inputs, "outputs": outputs}
        return Regions(self.chip.machine.components.dram, told)

    def traffic(self) -> dict[str, int]:
        """Bytes of main memory per tensor."""
        return {
            "weights": sum(size for _, _, size in self._weights()),
            "inputs": sum(int(self.fiber_bytes(tiles, each).sum()) for _, tiles, each in self._inputs()),
            "outputs": int(self._written[1].sum()),
        }

    # --- Programs -----------------------------------------------------------------------------------------------

    def _pieces(self, size: int) -> Counts:
        """Bytes of every burst of a piece."""
        return bursts(np.array([size]), self.burst)[0]

    def weight_bursts(self) -> Iterator[Chunk]:
        """Items: bursts of weights. Fields: demand, work, put burst per stream, dram_read."""
        among = len(self.weights)
        for some in batched(self._weights(), max(1, CELLS // among)):
            which, size = (np.array([each[at] for each in some], dtype=np.int64) for at in (0, 2))
            full = (size - 1) // self.burst
            table = np.ones((2 * len(some), 5 + among), dtype=np.int64)
            table[0::2, COUNT], table[0::2, DEMAND] = full, self.burst
            table[1::2, DEMAND] = size - full * self.burst
            table[:, WORK], table[:, -1] = table[:, DEMAND], -(-table[:, DEMAND] // WORD)
            table[:, PORTS:-1] = np.repeat(which, 2)[:, None] == np.arange(among)
            yield chunk(table[table[:, COUNT] > 0])

    def input_bursts(self) -> Iterator[Chunk]:
        """Items: bursts of inputs. Fields: demand, work, put fibers per stream that end in it, dram_read."""
        return gather(
            self._bursts(self.fiber_bytes(tiles, stretch), which, len(self.inputs))
            for which, tiles, stretch in self._inputs()
        )

    def _bursts(self, sizes: Counts, which: int, among: int) -> Chunk:
        """The pieces of one stream, one behind the other."""
        ends = np.cumsum(sizes)
        demand = self._pieces(int(ends[-1]))
        token = np.bincount((ends - 1) // self.burst, minlength=len(demand))
        table, varies = np.zeros((1, 5 + among), dtype=np.int64), np.zeros((1, 5 + among), dtype=np.uint8)
        table[0, [COUNT, PERIOD]] = len(demand)
        table[0, [PORTS + which, -1]] = len(demand), 2 * len(demand)
        varies[0, [DEMAND, WORK, PORTS + which, -1]] = 1
        vectors = np.concatenate([demand, token, -(-demand // WORD)]).astype(np.int32)
        return Chunk(table, varies, vectors)

    def output_bursts(self) -> Iterator[Chunk]:
        """Items: bursts of outputs. Fields: demand, work, take burst per cluster, release, dram_write."""
        among = len(self.clusters())
        which, size = self._written[:2]
        for begin in range(0, len(which), ITEMS):
            some = slice(begin, begin + ITEMS)
            known, order = np.unique(which[some] * (self.burst + 1) + size[some], return_inverse=True)
            table = np.ones((len(known), 5 + 2 * among), dtype=np.int64)
            table[:, DEMAND] = table[:, WORK] = known % (self.burst + 1)
            table[:, -1] = -(-table[:, DEMAND] // WORD)
            one = known[:, None] // (self.burst + 1) == np.arange(among)
            table[:, PORTS : PORTS + among] = table[:, PORTS + among : -1] = one
            yield chunk(table, visits=Visits(np.ones_like(known), order.astype(np.int64)))

    def weight_injections(self, stream: Stream, ways: int) -> Iterator[Chunk]:
        """Items: flits of weights. Fields: demand, work, take bursts, release, put flit per way."""
        tiles, flit = self.chip.tiles(stream), self.weight_flit

        @cache
        def block(bits: int) -> Chunk:
            size, _, _ = ports.sizes(np.array([bits]), flit)
            takes = np.diff(-(-np.cumsum(size) // (8 * self.burst)), prepend=0)
            writer = RunWriter(1, ways, 0)
            writer.add(len(size), 1, takes=[takes], puts=[1] * ways)
            return writer.chunk()

        return gather((block(bits) for bits in ports.tile_bits(tiles).tolist()), among=ports.MANY)

    def input_injections(self, stream: Stream, ways: int) -> Iterator[Chunk]:
        """Items: flits of inputs. Fields: demand, work, take fiber, release, put flit per way; a fiber that is kept is taken in
        the first round and released in the last.
        """
        tiles, kept, last = self.chip.tiles(stream), self.kept(stream), self.chip.rounds[0] - 1
        count = ports.flits(tiles.fiber_bits(np.arange(tiles.columns + 1)), self.input_flit).tolist()
        blocks = Blocks.plain(
            ports.alike(
                *np.ones((2, flits), dtype=np.int64),
                came * (np.arange(flits) == 0),
                goes * (np.arange(flits) == flits - 1),
                *np.ones((ways, flits), dtype=np.int64),
            )
            for came in (0, 1)
            for goes in (0, 1)
            for flits in count
        )
        for batch in tiles.batches:
            rounds = [self._round(batch.first + place) for place in range(len(batch.stretches))]
            kind = [2 * (not kept or each == 0) + (not kept or each == last) for each in rounds]
            first = np.repeat(np.array(kind, dtype=np.int64) * len(count), np.diff(batch.begin))
            yield ports.visited(blocks, first + tiles.met(batch).entries)

    def returns(self, tiles: Tiles) -> int:
        """Flits of partial sums that are put away, and come back."""
        away = (tile for tile in tiles.tiles if not tile.last)
        return sum(tiles.visits * ports.sum_flits(tiles, tile, self.psum_flit) for tile in away)

    def results(self, tiles: Tiles) -> int:
        """Flits of outputs of an element."""
        out = (tile for tile in tiles.tiles if tile.last)
        return sum(tiles.visits * ports.sum_flits(tiles, tile, self.psum_flit) for tile in out)

    def collections(self, elements: Sequence[Element]) -> Iterator[Chunk]:
        """Items: outputs of a visit, in the order they are written. Fields: demand in flits, work, take flits per element,
        releases, put bursts that are full, the last of a tile whatever it holds.
        """

        def block(element: Element, tiles: Tiles, tile: Tile) -> Chunk:
            count = ports.sum_flits(tiles, tile, self.psum_flit)
            total = np.arange(1, tiles.visits + 1) * tiles.output_bytes(tile) // self.burst
            total[-1] = addresses.bursts(tiles.visits * tiles.output_bytes(tile), self.burst)
            takes = [count if other == element else 0 for other in elements]
            writer = RunWriter(len(elements), 1, 0)
            writer.add(tiles.visits, count, takes=takes, puts=[np.diff(total, prepend=0)])
            return writer.chunk()

        return gather(block(*each) for each in self.outputs(elements[0].cluster))


def batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many, the last of what is left."""
    left = iter(things)
    while some := list(islice(left, size)):
        yield some

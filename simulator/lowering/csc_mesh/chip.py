"""Which element works on what, and who shares what it gets.

M, N and K are cut evenly into as many parts as the axes have places that the mapping gives to them (K: the rows of a
cluster only, or one part); element (i, j, l) gets part i of M, j of N and l of K. Rows of M and coordinates of K are cut
evenly into the same number of tiles for all elements, so that those of a part meet the same things in the same order::

    parts  P of M, Q of N, R of K
    rounds A = ceil(ceil(M / P) / rows of a tile),  T = ceil(ceil(K / R) / columns of a tile)
    tile a of part i          rows M u // (P A) .. M (u + 1) // (P A),       u = i A + a
    tile t of part l          columns K v // (R T) .. K (v + 1) // (R T),    v = t R + l
    part j                    positions N j // Q .. N (j + 1) // Q

The loops of an element are a, t, positions. Sums begin at v = 0, go on to the element below (l + 1), from the last one
(l = R - 1) to the buffer of the cluster and from there to the first in the next t, and are outputs after the last v.

The tiles of (i, l) are a stream of weights, multicast to the elements of all j; the fibers of (j, l), again in every round a, are a
stream of inputs, multicast to all i. A stream starts from one of the clusters it goes to, each in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from simulator.hardware.organisations.csc_mesh import CscMesh
from simulator.lowering.csc.layer import check_tile, tile_size
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.noc import Node
from simulator.workload.matrix import GemmView

AXES = ("clusters.rows", "clusters.columns", "elements.rows", "elements.columns")


@dataclass(frozen=True)
class Element:
    """A processing element with work.

    Attributes
    ----------
    cluster, place : Node
        Which cluster, and where in it.
    m, n, k : int
        Its parts of M, N and K.
    """

    cluster: Node
    place: Node
    m: int
    n: int
    k: int

    @property
    def at(self) -> str:
        """Suffix of its names."""
        (a, b), (c, d) = self.cluster, self.place
        return f".r{a}c{b}.r{c}c{d}"


@dataclass(frozen=True)
class Stream:
    """Weights of a part of M and K, or inputs of a part of N and K.

    Attributes
    ----------
    name : str
    plane : int
    home : Node
        Cluster it starts from.
    elements : dict of Node to list of Element
        By cluster.
    """

    name: str
    plane: int
    home: Node
    elements: dict[Node, list[Element]]


class Chip:
    """A layer spread over the elements.

    Attributes
    ----------
    machine : CscMesh
    view : GemmView
    ranks : dict of str to str
        M or N by axis.
    """

    def __init__(self, machine: CscMesh, view: GemmView) -> None:
        self.machine, self.view = machine, view
        parts = machine.components
        grids = (parts.clusters, parts.elements)
        self.sizes = dict(
            zip(AXES, (size.value for grid in grids for size in (grid.rows, grid.columns)), strict=True)
        )
        self.ranks = self._ranks()
        self.rows, self.columns = tile_size(machine, view)

    def _ranks(self) -> dict[str, str]:
        """As described; what is left open so that the largest part of M times that of N is least, then their sum: what an
        element multiplies, and what it is brought.
        """
        spread = self.machine.mapping.clusters, self.machine.mapping.elements
        wanted = [rank for each in spread for rank in (each.rows, each.columns)]
        options = [("M", "N") if rank == "auto" else (rank,) for rank in wanted]
        choices: list[tuple[str, ...]] = list(product(*options))

        def largest(ranks: tuple[str, ...]) -> tuple[int, int]:
            m = -(-self.view.M // self._places(ranks, "M"))
            n = -(-self.view.N // self._places(ranks, "N"))
            return m * n, m + n

        least = min(choices, key=largest)
        return dict(zip(AXES, least, strict=True))

    def _places(self, ranks: tuple[str, ...], rank: str) -> int:
        count = 1
        for size, each in zip(self.sizes.values(), ranks, strict=True):
            count *= size if each == rank else 1
        return count

    def parts(self, rank: str) -> int:
        """Parts a rank is cut into."""
        return self._places(tuple(self.ranks.values()), rank)

    def _part(self, rank: str, at: tuple[int, ...]) -> int:
        """Part of the element at a place along all axes."""
        part = 0
        for size, each, place in zip(self.sizes.values(), self.ranks.values(), at, strict=True):
            part = part * size + place if each == rank else part
        return part

    @cached_property
    def rounds(self) -> tuple[int, int]:
        """Tiles of rows that every element works on, and tiles of columns for each of them."""
        return self._cut(self.view.M, "M", self.rows), self._cut(self.view.K, "K", self.columns)

    def _cut(self, size: int, rank: str, most: int) -> int:
        """Tiles of at most so many that hold the largest part of a rank."""
        largest = -(-size // self.parts(rank))
        return -(-largest // most)

    @cached_property
    def _tiles(self) -> dict[tuple[int, int], Tiles]:
        """The tiles of every part of M and K."""
        view, (down, along), deep = self.view, self.rounds, self.parts("K")
        rows = _edges(view.M, self.parts("M") * down)
        columns = _edges(view.K, deep * along)
        largest = [max(end - begin for begin, end in cuts) for cuts in (rows, columns)]
        first, found = None, {}
        for i, k in product(range(self.parts("M")), range(deep)):
            spans = [(*columns[v], v == 0, v == len(columns) - 1) for v in range(k, len(columns), deep)]
            cuts = rows[i * down : (i + 1) * down]
            tiles = Tiles(self.machine, view, largest[0], largest[1], cuts, spans)
            first = first or tiles
            found[i, k] = tiles.sharing(first)
        return found

    @cached_property
    def elements(self) -> dict[Element, Tiles]:
        """What every element with work does, cluster by cluster."""
        found: dict[Element, Tiles] = {}
        edges = _edges(self.view.N, self.parts("N"))
        for at in product(*(range(size) for size in self.sizes.values())):
            m, n, k = (self._part(rank, at) for rank in "MNK")
            tiles = self._tiles[m, k]
            if tiles.cuts[-1][1] > tiles.cuts[0][0] and edges[n][1] > edges[n][0]:
                found[Element((at[0], at[1]), (at[2], at[3]), m, n, k)] = tiles.part(*edges[n])
        return found

    @property
    def idle(self) -> list[str]:
        """Suffixes of the elements without work."""
        working = {element.at for element in self.elements}
        every = product(*(range(size) for size in self.sizes.values()))
        names = (f".r{a}c{b}.r{c}c{d}" for a, b, c, d in every)
        return [name for name in names if name not in working]

    def check(self) -> None:
        """Whether all tiles fit.

        Raises
        ------
        InfeasibleError
            The first that does not.
        """
        for tiles in self._tiles.values():
            for tile in tiles.tiles:
                check_tile(self.machine, tile)
            tiles.check()

    def streams(self, rank: str) -> list[Stream]:
        """Of weights (``M``) or of inputs (``N``), by part."""
        networks = self.machine.components.networks
        planes = (networks.weights if rank == "M" else networks.inputs).planes.value
        inside = 1
        for axis in AXES[2:]:
            inside *= self.sizes[axis] if self.ranks[axis] in (rank, "K") else 1
        shared: dict[tuple[int, int], dict[Node, list[Element]]] = {}
        for element in self.elements:
            part = element.m if rank == "M" else element.n
            shared.setdefault((part, element.k), {}).setdefault(element.cluster, []).append(element)
        found = []
        for (part, k), to in sorted(shared.items()):
            number = part * self.parts("K") + k
            home = list(to)[number % len(to)]
            found.append(Stream(f"{part}.{k}", number % inside % planes, home, to))
        return found

    def tiles(self, stream: Stream) -> Tiles:
        """What the first element of a stream does; all of them do the same as far as the stream goes."""
        return self.elements[next(iter(stream.elements.values()))[0]]


def _edges(size: int, parts: int) -> list[tuple[int, int]]:
    """Begin and end of even parts."""
    edges = [size * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))

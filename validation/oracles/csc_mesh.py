"""Who multiplies what, and what crosses which link, on clusters of elements over compressed sparse columns, counted one by one.

Written from docs/machines/eyeriss_v2.md; nothing here calls the lowering.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from validation.oracles import csc
from validation.oracles.noc import OUT, Node, next_router

Mask = Sequence[Sequence[bool]]
Place = tuple[int, int, int, int]
"""Row and column of the cluster, row and column in it."""


@dataclass(frozen=True)
class Spread:
    """Numbers of a chip and of the layer on it.

    Attributes
    ----------
    sizes : (int, int, int, int)
        Rows and columns of clusters, rows and columns of elements in each.
    ranks : (str, str, str, str)
        Rank spread over each of these.
    rows, columns : int
        Most rows and columns of a tile of weights.
    """

    sizes: Place
    ranks: tuple[str, str, str, str]
    rows: int
    columns: int

    def parts(self, rank: str, first: int = 0) -> int:
        """Parts of a rank over the axes from `first` on."""
        count = 1
        for size, each in list(zip(self.sizes, self.ranks, strict=True))[first:]:
            if each == rank:
                count *= size
        return count

    def part(self, rank: str, place: Place) -> int:
        """Part of a rank that the element at a place works on."""
        number = 0
        for size, each, at in zip(self.sizes, self.ranks, place, strict=True):
            if each == rank:
                number = number * size + at
        return number

    def places(self) -> Iterator[Place]:
        """All of them, in order."""
        yield from product(*(range(size) for size in self.sizes))


def tile_of(coordinate: int, size: int, tiles: int) -> int:
    """The tile of an evenly cut rank that holds a coordinate."""
    return next(u for u in range(tiles) if size * u // tiles <= coordinate < size * (u + 1) // tiles)


def rounds(size: int, parts: int, most: int) -> int:
    """Tiles of a part."""
    largest = -(-size // parts)
    return -(-largest // most)


class Counted:
    """A product of weights (M, K) and inputs (N, K) on a chip.

    Attributes
    ----------
    multiplications : Counter of Place
    links : Counter of (tensor, plane, (node, node))
        Flits; a link into or out of the network has `OUT` on one side.
    """

    def __init__(
        self,
        spread: Spread,
        weights: Mask,
        inputs: Mask,
        word: int,
        run: int,
        bits: dict[str, int],
        planes: dict[str, int],
    ) -> None:
        self.spread, self.weights, self.inputs = spread, weights, inputs
        self.word, self.run, self.bits, self.planes = word, run, bits, planes
        self.M, self.N, self.K = len(weights), len(inputs), len(weights[0])
        self.P, self.Q, self.R = (spread.parts(rank) for rank in "MNK")
        self.A, self.T = rounds(self.M, self.P, spread.rows), rounds(self.K, self.R, spread.columns)
        self.m = [tile_of(m, self.M, self.P * self.A) for m in range(self.M)]
        self.k = [tile_of(k, self.K, self.R * self.T) for k in range(self.K)]
        self.n = [tile_of(n, self.N, self.Q) for n in range(self.N)]
        self.multiplications = self._multiplications()
        self.links: Counter[tuple[str, int, tuple[Node, Node]]] = Counter()
        self._weights()
        self._inputs()

    def _multiplications(self) -> Counter[Place]:
        per_part: Counter[tuple[int, int, int]] = Counter()
        for m, n, k in product(range(self.M), range(self.N), range(self.K)):
            if self.weights[m][k] and self.inputs[n][k]:
                per_part[self.m[m] // self.A, self.n[n], self.k[k] % self.R] += 1
        found: Counter[Place] = Counter()
        for place in self.spread.places():
            m, n, k = (self.spread.part(rank, place) for rank in "MNK")
            found[place] = per_part[m, n, k]
        return found

    def works(self, place: Place) -> bool:
        """Whether an element has rows and positions."""
        m, n = self.spread.part("M", place), self.spread.part("N", place)
        return any(u // self.A == m for u in self.m) and n in self.n

    def _weights(self) -> None:
        for i, part in product(range(self.P), range(self.R)):
            flits = 0
            for a, t in product(range(self.A), range(self.T)):
                rows = [m for m in range(self.M) if self.m[m] == i * self.A + a]
                columns = [k for k in range(self.K) if self.k[k] == t * self.R + part]
                words = sum(
                    len(csc.words([self.weights[m][k] for m in rows], self.word, self.run)) for k in columns
                )
                size = len(columns) * self.bits["weight address"] + words * self.word * (
                    self.bits["weight"] + self.run
                )
                flits += max(1, -(-size // self.bits["weight flit"]))
            self._send("weights", "M", i, part, flits)

    def _inputs(self) -> None:
        for j, part in product(range(self.Q), range(self.R)):
            flits = 0
            for t in range(self.T):
                columns = [k for k in range(self.K) if self.k[k] == t * self.R + part]
                for n in (n for n in range(self.N) if self.n[n] == j):
                    entries = len(csc.stored([self.inputs[n][k] for k in columns], self.run))
                    size = self.bits["input address"] + entries * (self.bits["input"] + self.run)
                    flits += -(-size // self.bits["input flit"])
            self._send("inputs", "N", j, part, flits * self.A)

    def _send(self, tensor: str, rank: str, number: int, part: int, flits: int) -> None:
        """Flits of a stream over every link of its tree, each once."""
        wanted = [
            (place[0], place[1])
            for place in self.spread.places()
            if self.works(place)
            and (self.spread.part(rank, place), self.spread.part("K", place)) == (number, part)
        ]
        clusters = list(dict.fromkeys(wanted))
        if not clusters:
            return
        inside = self.spread.parts(rank, 2) * self.spread.parts("K", 2)
        stream = number * self.R + part
        plane, at = stream % inside % self.planes[tensor], clusters[stream % len(clusters)]
        links = {(OUT, at)}
        for to in clusters:
            here = at
            while here != OUT:
                following = next_router(here, to)
                links.add((here, following))
                here = following
        for link in links:
            self.links[tensor, plane, link] += flits

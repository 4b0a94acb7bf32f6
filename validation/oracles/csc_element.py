"""When everything in a processing element over compressed sparse columns happens, turn after turn, from numbers alone.

Written from docs/machines/eyeriss_v2.md and the rule of ports in the contract of cycles; nothing here calls the lowering.
Every port is private (rung S3). A turn needs what the stage before made, a place in the latch behind it, and what the
scratch pads give back; all of these are of earlier turns, so that one walk in order tells all times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from validation.oracles import csc

Mask = Sequence[Sequence[bool]]


@dataclass(frozen=True)
class Element:
    """The numbers of a machine: bits, entries, cycles; rates in bits per cycle as (p, q), q = 0 unlimited.

    `rows` and `columns` are those of a tile of weights.
    """

    rows: int
    columns: int
    lanes: int
    word: int
    run: int
    weight_bits: int
    input_bits: int
    psum_bits: int
    output_bits: int
    weight_address: int
    input_address: int
    weight_words: int
    weight_addresses: int
    input_entries: int
    input_fibers: int
    psum_entries: int
    psum_latency: int
    forwarding: bool
    queue: int
    mac_latency: int
    link_latency: int
    store_latency: int
    burst: int
    weight_rate: tuple[int, int]
    input_rate: tuple[int, int]
    psum_rate: tuple[int, int]


@dataclass
class Port:
    """Serves one item after the other."""

    rate: tuple[int, int] = (1, 1)
    free: int = 0
    departed: list[int] = field(default_factory=list)

    def serve(self, ready: int, demand: int = 1, room: int = 0) -> int:
        """Cycle in which an item leaves that could be taken from `ready` on and has a place from `room` on."""
        p, q = self.rate
        start = max(ready, self.departed[-1] + 1 if self.departed else 0)
        end = max(self.free, 2 * p * ready) + 2 * q * demand
        leaves = max(start, -(-end // (2 * p)) - 1, room)
        self.free = max(end, 2 * p * leaves + 1)
        self.departed.append(leaves)
        return leaves


def parts(size: int, part: int) -> int:
    """How many parts of a size hold it."""
    return -(-size // part)


def free(released: Sequence[int], taken: int, capacity: int) -> int:
    """From when on `taken` things have been given out of `capacity`, those in `released` having come back."""
    return released[taken - capacity - 1] + 1 if taken > capacity else 0


class Walk:
    """Times of one layer."""

    def __init__(self, element: Element) -> None:
        e = self.e = element
        self.ports = {
            name: Port()
            for name in (
                "dram.weights",
                "dram.inputs",
                "dram.outputs",
                "inputs.address",
                "inputs.data",
                "weights.address",
                "weights.data",
                "mac",
                "psums.read",
                "psums.write",
            )
        }
        self.ports["weights.load"] = Port(e.weight_rate)
        self.ports["inputs.load"] = Port(e.input_rate)
        self.ports["psums.load"] = Port(e.psum_rate)
        self.ports["psums.drain"] = Port(e.psum_rate)
        for port in ("dram.weights", "dram.inputs", "dram.outputs"):
            self.ports[port] = Port((1, 0))
        self.bursts_back: list[int] = []
        self.words_back: list[int] = []
        self.addresses_back: list[int] = []
        self.entries_back: list[int] = []
        self.fibers_back: list[int] = []
        self.sums_back: list[int] = []
        self.latched: dict[str, list[int]] = {"fiber": [], "word": [], "outputs": []}
        self.taken = dict.fromkeys(("bursts", "words", "addresses", "entries", "fibers", "sums"), 0)
        self.away: dict[tuple[int, int], int] = {}

    @property
    def cycles(self) -> int:
        """Length of the run."""
        return 1 + max(port.departed[-1] for port in self.ports.values() if port.departed)

    def layer(self, weights: Mask, inputs: Mask) -> None:
        """Weights (M, K), inputs (N, K)."""
        e, rows, columns = self.e, len(weights), len(weights[0])
        for m in range(0, rows, e.rows):
            for k in range(0, columns, e.columns):
                tile = [row[k : k + e.columns] for row in weights[m : m + e.rows]]
                self.tile(
                    m, tile, [fiber[k : k + e.columns] for fiber in inputs], k == 0, k + e.columns >= columns
                )

    def tile(self, m: int, tile: Mask, fibers: Mask, first: bool, last: bool) -> None:
        """A tile of weights and all its visits."""
        e = self.e
        columns = [[row[c] for row in tile] for c in range(len(tile[0]))]
        words = sum(len(csc.words(column, e.word, e.run)) for column in columns)
        ready = self.load_tile(words, len(columns))
        for n, fiber in enumerate(fibers):
            self.visit((m, n), tile, fiber, ready if n == 0 else 0, first, last)
        self.words_back += [self.ports["weights.data"].departed[-1]] * words
        self.addresses_back += [self.ports["weights.address"].departed[-1]] * len(columns)

    def load_tile(self, words: int, columns: int) -> int:
        """When a tile of weights can be used: its addresses come first, then word after word."""
        e, came, bursts, leaves = self.e, 0, 0, 0
        word = e.word * (e.weight_bits + e.run)
        most = parts(max(word, e.columns * e.weight_address), 8 * e.burst)
        for number, bits in enumerate([columns * e.weight_address] + [word] * words):
            came, ready = came + bits, 0
            fresh = parts(came, 8 * e.burst) - bursts
            for _ in range(fresh):
                self.taken["bursts"] += 1
                room = free(self.bursts_back, self.taken["bursts"], max(e.store_latency + 2, most + 1))
                ready = self.ports["dram.weights"].serve(0, 1, room) + e.store_latency
            bursts += fresh
            self.taken["words" if number else "addresses"] += 1 if number else columns
            ready = max(ready, free(self.words_back, self.taken["words"], e.weight_words))
            ready = max(ready, free(self.addresses_back, self.taken["addresses"], e.weight_addresses))
            leaves = self.ports["weights.load"].serve(ready, bits)
            self.bursts_back += [leaves] * fresh
        return leaves + e.link_latency

    def visit(
        self, at: tuple[int, int], tile: Mask, fiber: Sequence[bool], tile_ready: int, first: bool, last: bool
    ) -> None:
        """A fiber of inputs and a set of partial sums."""
        e = self.e
        done = csc.visit(tile, fiber, e.lanes, e.word, e.run)
        entries = len(csc.stored(fiber, e.run))
        came = self.load_fiber(entries)
        sums = self.load_sums(at, len(tile), first)
        room = free(self.latched["fiber"], len(self.ports["inputs.address"].departed) + 1, e.queue)
        fiber_at = self.ports["inputs.address"].serve(came, 1, room) + 1
        waits = csc.waits(done.issues, len(done.issues) + 1)
        begin, turn = len(self.ports["mac"].departed), 0
        for read, kind in enumerate(done.reads):
            column = self.read(fiber_at if read == 0 else 0, kind, read == 0, read == len(done.reads) - 1)
            word_at = self.address(column, tile_ready if read == 0 else 0)
            groups = [group for number, _, group in done.weights if number == read]
            for number, group in enumerate(groups):
                ready = max(word_at if number == 0 else 0, sums if turn == 0 else 0)
                leaves = self.values(ready, bool(group))
                if number == 0:
                    self.latched["word"].append(leaves)
                if group:
                    j = waits[len(self.ports["mac"].departed) - begin]
                    self.multiply(leaves + 1, None if j is None else begin + j)
                turn += 1
        ended = self.ports["weights.data"].departed[-1] + 1
        if done.issues:
            ended = max(ended, self.ports["psums.write"].departed[-1] + 1)
        self.drain(at, len(tile), ended, last)

    def load_fiber(self, entries: int) -> int:
        """When a fiber of inputs can be used."""
        e, port = self.e, self.ports["inputs.load"]
        bits = entries * (e.input_bits + e.run) + e.input_address
        for _ in range(parts(parts(bits, 8), e.burst) - 1):
            self.ports["dram.inputs"].serve(0)
        room = free(port.departed, len(port.departed) + 1, e.store_latency + 2)
        arrived = self.ports["dram.inputs"].serve(0, 1, room) + e.store_latency
        self.taken["entries"] += entries
        self.taken["fibers"] += 1
        ready = max(
            arrived,
            free(self.entries_back, self.taken["entries"], e.input_entries),
            free(self.fibers_back, self.taken["fibers"], e.input_fibers),
        )
        return port.serve(ready, bits) + e.link_latency

    def load_sums(self, at: tuple[int, int], rows: int, first: bool) -> int:
        """When the partial sums of a visit are there."""
        e = self.e
        self.taken["sums"] += rows
        ready = free(self.sums_back, self.taken["sums"], e.psum_entries)
        if not first:
            ready = max(ready, self.away[at] + e.link_latency)
        return self.ports["psums.load"].serve(ready, 1 if first else rows * e.psum_bits) + e.link_latency

    def read(self, ready: int, kind: str, first: bool, last: bool) -> int:
        """A turn of the inputs."""
        port, behind = self.ports["inputs.data"], self.ports["weights.address"].departed
        leaves = port.serve(ready, 1, free(behind, len(port.departed) + 1, self.e.queue))
        if first:
            self.latched["fiber"].append(leaves)
        if kind != "nothing":
            self.entries_back.append(leaves)
        if last:
            self.fibers_back.append(leaves)
        return leaves + 1

    def address(self, ready: int, tile_ready: int) -> int:
        """A turn of the weights' addresses."""
        port = self.ports["weights.address"]
        room = free(self.latched["word"], len(port.departed) + 1, self.e.queue)
        return port.serve(max(ready, tile_ready), 1, room) + 1

    def values(self, ready: int, some: bool) -> int:
        """A turn of the weights."""
        behind = self.ports["mac"].departed
        room = free(behind, len(behind) + 1, self.e.queue) if some else 0
        return self.ports["weights.data"].serve(ready, 1, room)

    def multiply(self, ready: int, waits_for: int | None) -> None:
        """A turn of the multiplier, and of reading and writing sums."""
        e, (mac, read, write) = self.e, (self.ports[name] for name in ("mac", "psums.read", "psums.write"))
        later = max(1, e.psum_latency - 1)
        room = free(read.departed, len(mac.departed) + 1, e.queue + e.mac_latency - 1)
        products = mac.serve(ready, 1, room) + e.mac_latency
        if waits_for is not None and not e.forwarding and e.psum_latency > 1:
            products = max(products, write.departed[waits_for] + 1)
        room = free(write.departed, len(read.departed) + 1, e.queue + later - 1)
        write.serve(read.serve(products, 1, room) + later)

    def drain(self, at: tuple[int, int], rows: int, ready: int, last: bool) -> None:
        """Sums leave, at last as outputs."""
        e, port = self.e, self.ports["psums.drain"]
        outputs = self.latched["outputs"]
        room = free(outputs, len(outputs) + 1, e.queue) if last else 0
        leaves = port.serve(ready, rows * e.psum_bits, room)
        self.sums_back += [leaves] * rows
        if not last:
            self.away[at] = leaves
            return
        outputs.append(self.ports["dram.outputs"].serve(leaves + 1))
        for _ in range(parts(parts(rows * e.output_bits, 8), e.burst) - 1):
            self.ports["dram.outputs"].serve(0)

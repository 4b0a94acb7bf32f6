"""The chip as a network.

::

    dram --> weights.io --> weights.P (links) --> weights.load --.
    dram --> glb.inputs --> inputs.P (links)  --> inputs.load  --+-> stages of an element --> psums.drain
             psums.in (links) ----------------> psums.load   --'                                  |
                 ^                                                    psums.down (link) to the next of a column, or
             glb.psums <--------- put away ------------------------------------- psums.out (links) from the last
    dram <-- glb.outputs <------- outputs -------------------------------------------'

P is a plane of a network. A flit that comes to a cluster goes to all its elements that want it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from simulator.hardware.components.noc import Bus, Noc
from simulator.lowering.blocks import plain
from simulator.lowering.csc.element import scratch_pads, stages
from simulator.lowering.csc.network import bits
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.csc_mesh import ports
from simulator.lowering.csc_mesh.chip import Element, Stream
from simulator.lowering.csc_mesh.supply import Supply
from simulator.lowering.network import Network
from simulator.lowering.noc import Fabric, Hop, Node, Route, Timing, route
from simulator.plan import Chunk, Plan, Program

HERE: Node = (0, 0)
"""The only end of a link of partial sums."""


def build(supply: Supply) -> Plan:
    """The network of one layer, every program told lazily."""
    return _Build(supply).plan()


class _Build:
    """Channels first, then what runs on them."""

    def __init__(self, supply: Supply) -> None:
        self.supply, self.chip = supply, supply.chip
        self.parts = supply.chip.machine.components
        self.network = Network()
        self.clusters = supply.clusters()

    def plan(self) -> Plan:
        """Everything."""
        fabrics: list[Fabric] = []
        for element, tiles in self.chip.elements.items():
            scratch_pads(self.network, tiles, element.at)
        sources = self._weights(fabrics) + self._inputs(fabrics)
        sums = self._sums(fabrics)
        self._memory()
        for name, group, kind, programs in sources:
            self.network.component(name, group, kind, programs)
        for fabric in fabrics:
            fabric.build()
        for name, group, kind, programs in sums:
            self.network.component(name, group, kind, programs)
        self._collect()
        for element, tiles in self.chip.elements.items():
            self._element(element, tiles)
        for at in self.chip.idle:
            self._idle(at)
        return self.network.plan()

    def _fabric(self, name: str, noc: Bus) -> Fabric:
        router = noc.router.value if isinstance(noc, Noc) else 1
        timing = Timing(noc.queue.value, noc.link.value, router)
        return Fabric(self.network, name, timing, ("hop_byte", -(-noc.flit.value // 8)))

    # --- Operands -----------------------------------------------------------------------------------------------

    def _weights(self, fabrics: list[Fabric]) -> list[tuple[str, str, str, list[Program]]]:
        dram, supply = self.parts.dram, self.supply
        spad = self.parts.weights
        tiles = self.chip.tiles(supply.weights[0])
        most = -(
            -max(supply.weight_flit, tiles.weight_bits, tiles.columns * spad.address.value)
            // (8 * supply.burst)
        )
        for stream in supply.weights:
            name = f"dram.weights.{stream.name}"
            self.network.channel(name, max(dram.arrival + 2, most + 1), dram.arrival)
        return self._streams(
            "weights", self.parts.networks.weights, supply.weights, supply.weight_flits, fabrics
        )

    def _inputs(self, fabrics: list[Fabric]) -> list[tuple[str, str, str, list[Program]]]:
        for stream in self.supply.inputs:
            places = self.supply.places(stream)
            self.network.channel(f"dram.inputs.{stream.name}", places, self.parts.dram.arrival)
        return self._streams(
            "inputs", self.parts.networks.inputs, self.supply.inputs, self.supply.input_flits, fabrics
        )

    def _streams(
        self,
        tensor: str,
        noc: Noc,
        streams: list[Stream],
        flits: Callable[[Stream], int],
        fabrics: list[Fabric],
    ) -> list[tuple[str, str, str, list[Program]]]:
        """Flows of a tensor over its network; the sources, one per cluster and plane."""
        planes = {plane: self._fabric(f"{tensor}.{plane}", noc) for plane in range(noc.planes.value)}
        fabrics += planes.values()
        grid = self.parts.clusters
        source = {"weights": ("weights.io", "source"), "inputs": ("glb.inputs", "memory")}[tensor]
        tell = {"weights": self.supply.weight_injections, "inputs": self.supply.input_injections}[tensor]
        programs: dict[tuple[Node, int], list[Program]] = {}
        for stream in streams:
            way = route(noc.kind, grid.rows.value, grid.columns.value, stream.home, list(stream.elements))
            ends = partial(self._ends, tensor, stream)
            name = stream.name
            entries = planes[stream.plane].flow(name, way, flits(stream), noc.queue.value, ends)
            chunks = partial(tell, stream, len(entries))
            program = self.network.program(name, [f"dram.{tensor}.{name}"], entries, [], chunks)
            programs.setdefault((stream.home, stream.plane), []).append(program)
        return [
            (f"{source[0]}.r{row}c{column}.{plane}", *source, told)
            for ((row, column), plane), told in sorted(programs.items(), key=lambda each: each[0])
        ]

    def _ends(self, tensor: str, stream: Stream, cluster: Node) -> list[str]:
        return [f"{tensor}.flits{element.at}" for element in stream.elements[cluster]]

    # --- Partial sums -------------------------------------------------------------------------------------------

    def _sums(self, fabrics: list[Fabric]) -> list[tuple[str, str, str, list[Program]]]:
        """Flows of partial sums between neighbours, to the buffer and back; who reads them from the buffer."""
        bus = self.parts.networks.psums
        out, back, down = (self._fabric(f"psums.{way}", bus) for way in ("out", "in", "down"))
        fabrics += [out, back, down]
        programs: dict[str, list[Program]] = {}
        for element, tiles in self.chip.elements.items():
            link, at = self._column(element), element.at
            flits, results = self.supply.returns(tiles), self.supply.results(tiles)
            if element.k < self.chip.parts("K") - 1:
                below = self._neighbour(element, 1)
                way = _link(f"{link}.{element.place[0]}")
                down.flow(at[1:], way, flits, bus.queue.value, partial(_only, f"psums.come{below}"))
                continue
            out.flow(f"away{at}", _link(link), flits, None)
            out.flow(f"outputs{at}", _link(link), results, None)
            to = self._neighbour(element, -element.k)
            ends = partial(_only, f"psums.come{to}")
            (entry,) = back.flow(f"sums{at}", _link(link), flits, bus.queue.value, ends)
            taken = [out.end(f"away{at}", HERE)]
            moved = self.network.program(at[1:], taken, [entry], [], partial(_one_by_one, flits))
            programs.setdefault(link, []).append(moved)
        return [(f"glb.psums.{link}", "glb.psums", "memory", told) for link, told in programs.items()]

    def _column(self, element: Element) -> str:
        """Name of a column of a cluster."""
        return f"r{element.cluster[0]}c{element.cluster[1]}.{element.place[1]}"

    def _neighbour(self, element: Element, below: int) -> str:
        """Suffix of an element of the same column."""
        row, column = element.place
        return replace(element, place=(row + below, column)).at

    def _collect(self) -> None:
        """Outputs of a cluster on their way to main memory."""
        for cluster in self.clusters:
            last = self.chip.parts("K") - 1
            elements = [each for each in self.chip.elements if each.cluster == cluster and each.k == last]
            name = f"r{cluster[0]}c{cluster[1]}"
            takes = [f"psums.out.outputs{element.at}@r0c0" for element in elements]
            chunks = partial(self.supply.collections, elements)
            program = self.network.program("outputs", takes, [f"dram.outputs.{name}"], [], chunks)
            self.network.component(f"glb.outputs.{name}", "glb.outputs", "memory", [program])

    def _memory(self) -> None:
        supply = self.supply
        rows = max(tile.rows for tiles in self.chip.elements.values() for tile in tiles.tiles)
        most = -(-rows * self.chip.machine.value_bits.outputs.value // (8 * supply.burst))
        queue = max(self.parts.stages.queue.value, most + 1)
        for row, column in self.clusters:
            self.network.channel(f"dram.outputs.r{row}c{column}", queue)
        ends = {
            "weights": [f"dram.weights.{stream.name}" for stream in supply.weights],
            "inputs": [f"dram.inputs.{stream.name}" for stream in supply.inputs],
            "outputs": [f"dram.outputs.r{row}c{column}" for row, column in self.clusters],
        }
        places, program = supply.regions(), self.network.program
        programs = [
            program(
                "weights",
                [],
                ends["weights"],
                ["dram_read"],
                supply.weight_bursts,
                places.access("weights"),
            ),
            program(
                "inputs", [], ends["inputs"], ["dram_read"], supply.input_bursts, places.access("inputs")
            ),
            program(
                "outputs", ends["outputs"], [], ["dram_write"], supply.output_bursts, places.access("outputs")
            ),
        ]
        self.network.main_memory(self.parts.dram, self.chip.machine.clock.value, programs)

    # --- Elements -----------------------------------------------------------------------------------------------

    def _element(self, element: Element, tiles: Tiles) -> None:
        at, supply, links, add = element.at, self.supply, self.parts.links, self.network.component
        program = self.network.program
        weights = program(
            "weights",
            [f"weights.flits{at}", f"weights.space{at}", f"weights.addresses.space{at}"],
            [f"weights.ready{at}"],
            ["weight_spad_write", "weight_metadata_write"],
            partial(ports.weight_loads, tiles, supply.weight_flit),
        )
        inputs = program(
            "inputs",
            [f"inputs.flits{at}", f"inputs.space{at}", f"inputs.addresses.space{at}"],
            [f"inputs.ready{at}"],
            ["iact_spad_write", "iact_metadata_write"],
            partial(ports.input_loads, tiles, supply.input_flit),
        )
        sums = program(
            "outputs",
            [f"psums.space{at}", f"psums.come{at}"],
            [f"psums.ready{at}"],
            ["psum_spad_write"],
            partial(ports.sum_loads, tiles, supply.psum_flit),
        )
        add(f"weights.load{at}", "weights.load", "server", [weights], bits(links.weights_bandwidth))
        add(f"inputs.load{at}", "inputs.load", "server", [inputs], bits(links.inputs_bandwidth))
        add(f"psums.load{at}", "psums.load", "server", [sums], bits(links.psums_bandwidth))
        stages(self.network, tiles, at)
        link = self._column(element)
        to = [f"psums.out.away{at}.{link}", f"psums.out.outputs{at}.{link}"]
        if element.k < self.chip.parts("K") - 1:
            to = [f"psums.down.{at[1:]}.{link}.{element.place[0]}"]
        drain = program(
            "outputs",
            [f"psums.visited{at}", f"psums.done{at}"],
            [f"psums.space{at}", *to],
            ["psum_spad_read", "drain_word"],
            partial(ports.sum_drains, tiles, supply.psum_flit, len(to) > 1),
        )
        add(f"psums.drain{at}", "psums.drain", "server", [drain], bits(links.psums_bandwidth))

    def _idle(self, at: str) -> None:
        """The multiplier of an element without work."""
        program = self.network.program("turns", [], [], ["mac", "mac_gated"], lambda: iter(()))
        self.network.component(f"mac{at}", "mac", "server", [program], lanes=self.parts.mac.lanes.value)


def _link(name: str) -> Route:
    """The way over one link."""
    return Route(HERE, (HERE,), (name,), (Hop(name, (), (HERE,)),))


def _only(channel: str, _: Node) -> list[str]:
    """Where the flits of a link end: its only end."""
    return [channel]


def _one_by_one(count: int) -> Iterator[Chunk]:
    """Items: flits. Fields: demand, work, take flit, release, put flit."""
    if count:
        yield plain([(count, 1, 1, 1, 1, 1)])

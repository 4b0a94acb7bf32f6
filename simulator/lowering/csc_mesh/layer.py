"""A layer on the chip: what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import csc
from simulator.datapath.verify import Box
from simulator.hardware.organisations.csc_mesh import CscMesh
from simulator.lowering import addresses, lowered
from simulator.lowering.csc_mesh.chip import Chip
from simulator.lowering.csc_mesh.network import build
from simulator.lowering.csc_mesh.supply import Supply
from simulator.plan import Plan
from simulator.sparsity import formats
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class CscMeshLayer:
    """A layer ready to run; see :class:`simulator.lowering.lowered.Lowered`.

    Attributes
    ----------
    plan : Plan
    supply : Supply
    """

    plan: Plan
    supply: Supply

    @property
    def chip(self) -> Chip:
        """The layer spread over the elements."""
        return self.supply.chip

    @property
    def view(self) -> GemmView:
        """The layer's matrices."""
        return self.chip.view

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return int(np.prod(list(self.chip.sizes.values()))) * self._lanes

    @property
    def _lanes(self) -> int:
        return self.chip.machine.components.mac.lanes.value

    @cached_property
    def macs(self) -> dict[str, int]:
        """Dense multiplications of the einsum, effectual ones, and slots issued (lanes x turns of the multipliers)."""
        view = self.view
        effectual, issues = np.sum([tiles.work for tiles in self.chip.elements.values()], axis=0).tolist()
        dense = view.groups * view.M * view.N * view.K
        return {"dense": dense, "effectual": effectual, "slots": self._lanes * issues}

    @property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements, of the raw tensors."""
        return lowered.nonzeros(self.view, lowered.outputs_mask(self.view)[0])

    @cached_property
    def traffic(self) -> dict[str, dict[str, int]]:
        """Bytes of main memory per tensor; flits of the networks that start from buffers, and of partial sums."""
        supply, elements = self.supply, self.chip.elements.values()
        lowest = [
            tiles for element, tiles in self.chip.elements.items() if element.k == self.chip.parts("K") - 1
        ]
        away, passed = (sum(supply.returns(tiles) for tiles in some) for some in (lowest, elements))
        flits = {
            "weights": sum(supply.weight_flits(stream) for stream in supply.weights),
            "inputs": sum(supply.input_flits(stream) for stream in supply.inputs),
            "sums passed on": passed - away,
            "sums put away": away,
            "sums brought back": away,
            "outputs": sum(supply.results(tiles) for tiles in elements),
        }
        return {"dram": supply.traffic(), "flits": flits}

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        chip = self.chip
        tiles = next(iter(chip.elements.values()))
        spread = ", ".join(f"{rank} over {axis}" for axis, rank in chip.ranks.items())
        kept = sum(self.supply.kept(stream) for stream in self.supply.inputs)
        return {
            "weights_pattern": "zeros anywhere",
            "inputs_format": "csc",
            "outputs_format": "uncompressed",
            "mapping": f"{spread}; on each of {len(chip.elements)} elements loops M, K, N, {chip.rounds[0]} x "
            f"{chip.rounds[1]} tiles of at most {tiles.rows} x {tiles.columns} weights (M x K)",
            "inputs_kept": f"{kept} of {len(self.supply.inputs)} streams stay in the buffers over all rounds",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the machine's own description."""
        needed, held = self.away, self.chip.machine.components.glb.psums
        fits = f"partial sums put away need up to {needed} B of a cluster's buffer, which has {held.text}"
        notes = "every output leaves, zero or not", fits
        return *notes, *addresses.assumptions(self.chip.machine.components.dram)

    @property
    def away(self) -> int:
        """Most bytes of partial sums of a cluster between visits: one tile of rows of each of its elements."""
        per_cluster: dict[object, int] = {}
        for element, tiles in self.chip.elements.items():
            if element.k < self.chip.parts("K") - 1:
                continue
            waiting = (tiles.visits * tiles.sums_bits(tile) for tile in tiles.tiles if not tile.last)
            bits = per_cluster.get(element.cluster, 0) + max(waiting, default=0)
            per_cluster[element.cluster] = bits
        return -(-max(per_cluster.values()) // 8)

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`; element by element, both operands through their stored forms."""
        parts = self.chip.machine.components
        stationary = formats.Csc(
            parts.weights.run.value, parts.weights.address.value, parts.weights.word.value
        )
        streamed = formats.Csc(parts.inputs.run.value, parts.inputs.address.value)
        out = np.zeros((box.m1 - box.m0, box.n1 - box.n0), dtype=np.int64)
        for tiles in self.chip.elements.values():
            n0, n1 = max(tiles.n0, box.n0), min(tiles.n1, box.n1)
            for tile in tiles.tiles:
                m0, m1 = max(tile.m0, box.m0), min(tile.m1, box.m1)
                if tile.group != box.group or m0 >= m1 or n0 >= n1 or not tile.columns:
                    continue
                weights = view.weights(tile.group, tile.m0, tile.m1)[:, tile.k0 : tile.k1].astype(np.int64)
                inputs = view.inputs(tile.group, tile.k0, tile.k1, n0, n1).astype(np.int64)
                found = csc.outputs(weights, inputs, stationary, streamed)
                out[m0 - box.m0 : m1 - box.m0, n0 - box.n0 : n1 - box.n0] += found[
                    m0 - tile.m0 : m1 - tile.m0
                ]
        return out


def lower(machine: CscMesh, layer: Layer) -> CscMeshLayer:
    """Lower `layer` onto `machine`.

    Raises
    ------
    InfeasibleError
        A tile of the mapping does not fit the scratch pads.
    """
    chip = Chip(machine, GemmView(layer))
    chip.check()
    supply = Supply(chip)
    return CscMeshLayer(build(supply), supply)

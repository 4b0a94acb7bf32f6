"""A processing element over compressed columns as a design point: store > sums put away > scratch pads > multiplier.

Loops as :mod:`simulator.lowering.csc.tiles` runs them: groups, tiles of M, tiles of K and all of N outside; columns, then
rows of a tile of weights inside. Sums wait outside the element, at no cost, for the next tile of K. Weights are skipped where
the inputs are empty, sums where either is.
"""

from __future__ import annotations

from fractions import Fraction

from simulator.energy import load
from simulator.energy.reference_table import ReferenceTable
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.hardware.organisations.csc import Csc
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.lowering.csc.layer import CscLayer
from simulator.lowering.views.loops import cut, real
from simulator.lowering.views.matrices import matrix_product, unmodelled
from simulator.lowering.views.memories import dram
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.occupancy import Occupancy

STORE, AWAY, INPUTS, WEIGHTS, SUMS, MAC = "dram", "away", "inputs", "weights", "psums", "mac"


def design_point(lowered: CscLayer) -> DesignPoint:
    """A lowered layer as a design point."""
    tiles, view = lowered.tiles, lowered.view
    machine = tiles.machine
    m = cut("m", view.M, [(tiles.rows, ""), (1, "")])
    k = cut("k", view.K, [(tiles.columns, ""), (1, "")])
    group = (Loop("g", view.groups, view.groups),) if view.groups > 1 else ()
    nest = Nest(
        (
            LevelNest(STORE, real((*group, m[0])), (), frozenset({"weights", "inputs", "outputs"})),
            LevelNest(AWAY, real((k[0], Loop("n", view.N, view.N))), (), frozenset({"outputs"})),
            LevelNest(INPUTS, (), (), frozenset({"inputs"})),
            LevelNest(WEIGHTS, (), (), frozenset({"weights"})),
            LevelNest(SUMS, real((k[1], m[1])), (), frozenset({"outputs"})),
        )
    )
    return DesignPoint(
        f"{view.layer.name} on {machine.name}",
        matrix_product(view),
        _hierarchy(machine),
        nest,
        _features(machine),
        _occupancy(lowered),
        _energies(machine),
        unmodelled(
            view, "links of the element have rates of their own in the machine; here they are unlimited"
        ),
    )


def _hierarchy(machine: Csc) -> Hierarchy:
    parts, bits = machine.components, machine.value_bits

    def pad(name: str, width: int, words: int | None, metadata: int = 0) -> Storage:
        return Storage(name, name, "SRAM", 1, 1, 1, width, capacity=words, metadata_bits=metadata)

    memories = (
        dram(STORE, parts.dram, machine.clock.value, bits.weights.value),
        pad(AWAY, parts.psums.width.value, None),
        pad(INPUTS, bits.inputs.value, parts.inputs.entries.value, parts.inputs.run.value),
        pad(WEIGHTS, bits.weights.value, parts.weights.entries.value, 2 * parts.weights.run.value),
        pad(SUMS, parts.psums.width.value, parts.psums.entries.value),
    )
    lanes = parts.mac.lanes.value
    return Hierarchy(
        machine.name,
        memories,
        Compute(MAC, MAC, lanes, lanes, 1, bits.weights.value, parts.mac.latency.value),
    )


def _features(machine: Csc) -> Features:
    parts = machine.components
    inputs = Representation(
        "inputs",
        (RankFormat("UOP", 0, parts.inputs.address.value), RankFormat("RLE", parts.inputs.run.value, 0)),
        True,
    )
    weights = Representation(
        "weights",
        (RankFormat("UOP", 0, parts.weights.address.value), RankFormat("RLE", parts.weights.run.value, 0)),
        True,
    )
    skip = Rule("skipping", (Condition("weights", ("inputs",)),))
    both = Rule("skipping", (Condition("outputs", ("inputs", "weights")),))
    levels = {
        STORE: LevelFeatures((inputs, weights)),
        INPUTS: LevelFeatures((inputs,)),
        WEIGHTS: LevelFeatures((weights,), (skip,)),
        SUMS: LevelFeatures((), (both,)),
    }
    return Features(levels, ("skipping",))


def _occupancy(lowered: CscLayer) -> dict[str, Occupancy]:
    return {
        name: Occupancy("hypergeometric", Fraction(nonzero, elements))
        for name, (nonzero, elements) in lowered.nonzeros.items()
    }


def _energies(machine: Csc) -> ReferenceTable:
    rows = {name: row.energy_pj for name, row in load(machine.energy_table).rows.items()}
    pads = {INPUTS: "iact", WEIGHTS: "weight"}
    energies = {
        part: {
            "read": rows[f"{pad}_spad_read"],
            "write": rows[f"{pad}_spad_write"],
            "metadata_read": rows[f"{pad}_metadata_read"],
            "metadata_write": rows[f"{pad}_metadata_write"],
        }
        for part, pad in pads.items()
    }
    energies[STORE] = {
        "read": rows["dram_read"],
        "write": rows["dram_write"],
        "metadata_read": rows["dram_read"],
    }
    energies[SUMS] = {"read": rows["psum_spad_read"], "write": rows["psum_spad_write"]}
    energies[MAC] = {"mac_random": rows["mac"], "mac_gated": rows["mac_gated"]}
    return ReferenceTable(energies, {}, f"energy table {machine.energy_table}")

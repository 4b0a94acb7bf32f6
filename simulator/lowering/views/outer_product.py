"""Outer-product units as a design point: DRAM > GLB > accumulation buffers > line buffers > multipliers.

The nest is the tiling's: blocks outside what the GLB holds are DRAM's, units share the GLB along M and N, all of K passes a
tile of sums. A unit's tile is condensed: its rows and columns are packed onto the multipliers of a step by position (position
skipping of both operands), and a sum is touched only by an effectual product.
"""

from __future__ import annotations

from fractions import Fraction

from simulator.energy import load
from simulator.energy.reference_table import ReferenceTable
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.hardware.organisations.outer_product import OuterProduct
from simulator.hardware.saf import Condition, Features, LevelFeatures, RankFormat, Representation, Rule
from simulator.lowering.outer_product.layer import OuterProductLayer
from simulator.lowering.views.loops import cut, placed, real
from simulator.lowering.views.matrices import matrix_product, unmodelled
from simulator.lowering.views.memories import dram, glb
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.workload.occupancy import Occupancy

DRAM, GLB, SUMS, LINES, MACS = "dram", "glb", "accumulation", "lines", "macs"


def design_point(lowered: OuterProductLayer) -> DesignPoint:
    """A lowered layer as a design point."""
    machine = lowered.context.machine
    return DesignPoint(
        f"{lowered.view.layer.name} on {machine.name}",
        matrix_product(lowered.view),
        _hierarchy(machine),
        Nest(_levels(lowered)),
        _features(),
        {
            name: Occupancy("hypergeometric", Fraction(nonzero, elements))
            for name, (nonzero, elements) in lowered.nonzeros.items()
        },
        _energies(machine),
        unmodelled(
            lowered.view,
            "banks of the accumulation buffers: a design point has none, so no step waits for a bank",
            "values and element bits fill whole words per slab: a design point counts bits",
        ),
    )


def _hierarchy(machine: OuterProduct) -> Hierarchy:
    units, bits = machine.components.units, machine.value_bits.weights.value
    compute = Compute(
        MACS,
        MACS,
        units.multipliers,
        units.columns.value * units.step_columns.value,
        units.rows.value * units.step_rows.value,
        bits,
        units.latency.value,
    )
    outside = (
        dram(DRAM, machine.components.dram, machine.clock.value, bits),
        glb(GLB, machine.components.glb, bits),
    )
    return Hierarchy(machine.name, (*outside, *_buffers(machine)), compute)


def _buffers(machine: OuterProduct) -> tuple[Storage, Storage]:
    parts, bits = machine.components, machine.value_bits.weights.value
    units, sums = parts.units, parts.accumulation
    down, across = units.rows.value, units.columns.value
    rows, columns = units.tile_rows.value, units.tile_columns.value
    port = Fraction(sums.bandwidth.value)
    buffer = Storage(
        SUMS,
        SUMS,
        "SRAM",
        down * across,
        across,
        down,
        sums.word.value,
        capacity=rows * columns,
        read_bandwidth=port,
        write_bandwidth=port,
        banks=rows // sums.bank_rows.value,
    )
    held = (rows + columns) * units.depth.value * units.operand_buffers.value
    return buffer, Storage(
        LINES, LINES, "SRAM", down * across, across, down, bits, capacity=held, metadata_bits=4
    )


def _levels(lowered: OuterProductLayer) -> tuple[LevelNest, ...]:
    context = lowered.context
    g, tiling, units = context.operands.geometry, context.tiling, context.machine.components.units
    sizes = {"M": (g.M, g.rows), "N": (g.N, g.columns)}
    tile = {"M": units.tile_rows.value, "N": units.tile_columns.value}
    step = {"M": units.step_rows.value, "N": units.step_columns.value}
    side = {"M": "Y", "N": "X"}

    def pieces(rank: str, block: int) -> tuple[Loop, ...]:
        whole, size = sizes[rank]
        inside = [(size, ""), (tile[rank], side[rank]), (step[rank], ""), (1, side[rank])]
        return cut(rank.lower(), whole, ([(block * size, "")] if block else []) + inside)

    outer, inner = tiling.outer, "N" if tiling.outer == "M" else "M"
    (a2, a1, *rest), (b1, *others) = pieces(outer, tiling.block), pieces(inner, 0)
    k = cut("k", g.K, [(tiling.windows * g.window, ""), (1, "")])
    above, within = placed(tiling, (a2, b1, a1, k[0]))
    group = (Loop("g", g.groups, g.groups),) if g.groups > 1 else ()
    (m, n) = (rest, others) if outer == "M" else (others, rest)
    operands, every = frozenset({"weights", "inputs"}), frozenset({"weights", "inputs", "outputs"})
    return (
        LevelNest(DRAM, real((*group, *above)), (), every),
        LevelNest(GLB, real(within), real((m[0], n[0])), operands),
        LevelNest(SUMS, real((k[1],)), (), frozenset({"outputs"})),
        LevelNest(LINES, real((m[1], n[1])), real((m[2], n[2])), operands),
    )


def _features() -> Features:
    stored = tuple(
        Representation(name, (RankFormat("B", 1, 0), RankFormat("B", 1, 0)), True)
        for name in ("weights", "inputs")
    )
    packed = tuple(Rule("position-skipping", (Condition(name, ()),)) for name in ("weights", "inputs"))
    sums = Rule("skipping", (Condition("outputs", ("weights", "inputs")),))
    levels = {
        DRAM: LevelFeatures(stored),
        GLB: LevelFeatures(stored),
        SUMS: LevelFeatures((), (sums,)),
        LINES: LevelFeatures(stored, packed),
    }
    return Features(levels)


def _energies(machine: OuterProduct) -> ReferenceTable:
    rows = {name: row.energy_pj for name, row in load(machine.energy_table).rows.items()}
    told = {
        DRAM: {
            "read": "dram_read",
            "write": "dram_write",
            "metadata_read": "dram_read",
            "metadata_write": "dram_write",
        },
        GLB: {
            "read": "sram_read",
            "write": "sram_write",
            "metadata_read": "metadata_read",
            "metadata_write": "metadata_write",
        },
        SUMS: {"read": "psum_read", "write": "psum_write"},
        LINES: {"read": "line_read", "write": "line_write", "metadata_read": "mask_read"},
        MACS: {"mac_random": "mac", "mac_gated": "mac_gated"},
    }
    energies = {part: {name: rows[row] for name, row in actions.items()} for part, actions in told.items()}
    return ReferenceTable(energies, {}, f"energy table {machine.energy_table}")

"""Stationary weights and streamed windows as a design point: DRAM > GLB > accumulators > weight registers > multipliers.

The nest is the tiling's (:mod:`simulator.mapping.tiling`): loops outside what an operand's hold keeps in the GLB are DRAM's, the
others the GLB's; windows of K run in the accumulators' level and columns in the registers'. A window is two spatial loops of K,
its blocks and their coordinates, packed onto the multipliers of a row (spatial skipping led by the weights).
"""

from __future__ import annotations

from fractions import Fraction

from simulator.energy import load
from simulator.energy.reference_table import ReferenceTable
from simulator.errors import InputError
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.hardware.organisations.stationary import Stationary
from simulator.hardware.saf import (
    Condition,
    Features,
    LevelFeatures,
    RankFormat,
    Representation,
    Rule,
)
from simulator.lowering.stationary_layer import StationaryLayer
from simulator.lowering.views.loops import cut, placed, real
from simulator.lowering.views.matrices import matrix_product, unmodelled
from simulator.lowering.views.memories import dram, glb
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop, Nest
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.occupancy import Occupancy

DRAM, GLB, SUMS, REGISTERS, MACS = "dram", "glb", "accumulators", "registers", "macs"


def design_point(lowered: StationaryLayer) -> DesignPoint:
    """A lowered layer as a design point.

    Raises
    ------
    InputError
        Its weights take a different number of multipliers in every row, or its steps take several cycles: a loop
        nest cannot say that.
    """
    machine, code = lowered.context.machine, lowered.code
    told = code.rows is None and code.inputs is None and code.widths is None and not code.terms
    if not told or code.cycles != 1:
        raise InputError(
            f"machine {machine.name!r} has no design point: its {machine.datapath.kind} rows or steps differ with the data"
        )
    return DesignPoint(
        f"{lowered.view.layer.name} on {machine.name}",
        matrix_product(lowered.view),
        _hierarchy(lowered),
        Nest(_levels(lowered)),
        _features(lowered),
        _occupancy(lowered),
        _energies(machine),
        unmodelled(
            lowered.view,
            "rows of the GLB are read whole: a design point counts words",
            "fetch, distribution, refill and drain have rates of their own in the machine; here they are unlimited",
        ),
    )


def _hierarchy(lowered: StationaryLayer) -> Hierarchy:
    machine = lowered.context.machine
    parts, bits = machine.components, machine.value_bits.weights.value
    array = parts.array
    arrays, rows, lanes = array.arrays.value, array.rows.value, array.pes.value * array.macs.value
    size = array.multipliers, lanes, arrays * rows
    memories = (
        dram(DRAM, parts.dram, machine.clock.value, bits),
        glb(GLB, parts.glb, bits),
        Storage(
            SUMS,
            SUMS,
            "regfile",
            arrays,
            1,
            arrays,
            array.accumulator.value,
            capacity=rows * array.columns.value,
        ),
        Storage(REGISTERS, REGISTERS, "regfile", *size, bits, capacity=1, metadata_bits=8),
    )
    return Hierarchy(machine.name, memories, Compute(MACS, MACS, *size, bits, latency=array.latency.value))


def _levels(lowered: StationaryLayer) -> tuple[LevelNest, ...]:
    g, tiling = lowered.context.geometry, lowered.context.tiling
    arrays = lowered.context.machine.components.array.arrays.value
    rows, piece = g.rows // (arrays // g.abreast), tiling.windows * g.window
    length = lowered.code.choices
    step = min(g.columns, -(-g.N // g.abreast) * g.abreast)
    tile = {"M": g.rows, "N": step}
    size = {"M": g.M, "N": g.N}
    outer, inner = tiling.outer, "N" if tiling.outer == "M" else "M"
    m = [(g.rows, ""), (rows, "Y"), (1, "Y")]
    n = [(step, ""), (step // g.abreast, "Y"), (1, "")]
    whole = {"M": m, "N": n}
    loops = {
        outer: cut(outer.lower(), size[outer], [(tiling.block * tile[outer], ""), *whole[outer]]),
        inner: cut(inner.lower(), size[inner], whole[inner]),
    }
    k = cut("k", g.K, [(piece, ""), (g.window, ""), (length, "X"), (1, "X")])
    a2, *rest_outer = loops[outer]
    a1, b1 = rest_outer[0], loops[inner][0]
    below = {outer: rest_outer[1:], inner: list(loops[inner][1:])}
    above, within = placed(tiling, (a2, b1, a1, k[0]))
    group = (Loop("g", g.groups, g.groups),) if g.groups > 1 else ()
    every = frozenset({"weights", "inputs", "outputs"})
    (m_arrays, m_rows), (n_arrays, n_steps) = below["M"], below["N"]
    return (
        LevelNest(DRAM, real((*group, *above)), (), every),
        LevelNest(GLB, real(within), real((n_arrays, m_arrays)), frozenset({"weights", "inputs"})),
        LevelNest(SUMS, real((k[1],)), real((m_rows, k[2], k[3])), frozenset({"outputs"})),
        LevelNest(REGISTERS, real((n_steps,)), (), frozenset({"weights"})),
    )


def _features(lowered: StationaryLayer) -> Features:
    code, operands = lowered.code, lowered.context.operands
    pattern = parse(code.pattern)
    levels: dict[str, LevelFeatures] = {}
    stored: list[Representation] = []
    if code.metadata_bits:
        assert isinstance(pattern, Hss)
        widths = _widths(lowered, pattern)
        stored.append(Representation("weights", tuple(RankFormat("CP", bits, 0) for bits in widths), True))
    registers = tuple(stored)
    if operands.compressed:
        stored.append(Representation("inputs", _streamed(lowered), True))
    levels[DRAM] = levels[GLB] = LevelFeatures(tuple(stored))
    levels[REGISTERS] = LevelFeatures(registers)
    if code.metadata_bits:
        led = tuple(
            Rule("spatial-skipping", (Condition(name, ("weights",)),)) for name in ("inputs", "outputs")
        )
        levels[SUMS] = LevelFeatures((), led)
    gated = ("gating",) if lowered.context.machine.datapath.gating else ()
    return Features(levels, gated)


def _streamed(lowered: StationaryLayer) -> tuple[RankFormat, ...]:
    """The inputs' format: a bit per coordinate, or an offset per block and per value of a window."""
    if lowered.context.operands.format == "bitmask":
        return (RankFormat("B", 1, 0),)
    lengths = lowered.code.window // lowered.code.choices, lowered.code.choices
    return tuple(RankFormat("CP", (length - 1).bit_length(), 0) for length in lengths if length > 1)


def _widths(lowered: StationaryLayer, pattern: Hss) -> tuple[int, ...]:
    """Bits of an offset per rank of the weights."""
    if len(pattern.ranks) == 2:
        return tuple((length - 1).bit_length() for _, length in pattern.ranks)
    return (lowered.code.metadata_bits // lowered.code.slots,)


def _occupancy(lowered: StationaryLayer) -> dict[str, Occupancy]:
    pattern = parse(lowered.code.pattern)
    density = pattern.density if isinstance(pattern, Hss) else Fraction(1)
    found = {"weights": Occupancy("fixed-structured", density)}
    for name, (nonzero, elements) in lowered.nonzeros.items():
        if name != "weights":
            found[name] = Occupancy("hypergeometric", Fraction(nonzero, elements))
    return found


def _energies(machine: Stationary) -> ReferenceTable:
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
        REGISTERS: {"read": "operand_read", "write": "operand_write"},
        MACS: {"mac_random": "mac", "mac_gated": "mac_gated"},
    }
    energies = {part: {name: rows[row] for name, row in actions.items()} for part, actions in told.items()}
    return ReferenceTable(energies, {}, f"energy table {machine.energy_table}")

"""Where a layer may be cut into pieces that the machine works on alike whatever pieces are beside them: what sampling draws from.

A cut is a rank of the outputs (M or N) in units of whole tiles of the mapping, so that a smaller layer made of some units has
the same tiles, in the same order, as the whole one. K is never cut: sums would be others. What is fixed for a smaller layer (tile
sizes, order, formats, pattern) is told as overrides of the machine; what it still decides by itself is compared by its `signature`.

| organisation | cuts, best first |
|---|---|
| stationary, outer_product | the outermost rank, in blocks of accumulator tiles; then the other, in accumulator tiles |
| packed | N, in strips of columns that stay in the buffer |
| csc | M, in tiles; then N, a position each (a tile of weights meets all of them) |
| systolic | the rank of the outermost loop, in tiles; then the other |

Convolutions are cut along M only (columns of their Toeplitz matrix share inputs), and only without groups; rows that a machine
packs by their non-zeros (``row_wise``), and layers run as a series of terms, are not cut. The other organisations are not cut
either: they work on planes, or (``skip_ahead``) deal tiles to many elements at once, so that what a strip costs depends on how
many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.hardware import override
from simulator.hardware.machine import Machine
from simulator.lowering.lowered import Lowered
from simulator.transform.tasd import asked
from simulator.workload.layer import Layer


@dataclass(frozen=True)
class Cut:
    """A rank in units.

    Attributes
    ----------
    rank : str
        ``M`` or ``N``.
    unit : int
        Elements of a unit; the last may have fewer.
    size : int
        Elements of the rank.
    """

    rank: str
    unit: int
    size: int

    @property
    def units(self) -> int:
        """Units, the last one included."""
        return -(-self.size // self.unit)


@dataclass(frozen=True)
class Cutting:
    """How one layer on one machine may be cut.

    Attributes
    ----------
    cuts : tuple of Cut
        Best first; empty when it may not be.
    fixed : mapping of str to str
        Overrides of the machine that give a smaller layer the same tiles.
    signature : tuple
        What a smaller layer must have decided alike.
    pattern : str or None
        Pattern of the weights, to be declared of a smaller layer.
    """

    cuts: tuple[Cut, ...]
    fixed: Mapping[str, str]
    signature: tuple[Any, ...]
    pattern: str | None = None


def cutting(machine: Machine, layer: Layer, lowered: Lowered) -> Cutting:
    """How a lowered layer may be cut; see the module."""
    told = _TOLD.get(machine.organisation)
    if told is None or lowered.view.groups > 1 or asked(layer) is not None:
        return Cutting((), {}, ())
    found = told(lowered)
    ranks = "M" if layer.einsum.operation == "conv2d" else "MN"
    cuts = tuple(cut for cut in found.cuts if cut.rank in ranks)
    return Cutting(cuts, found.fixed, found.signature, found.pattern)


def fixed(machine: Machine, how: Cutting) -> Machine:
    """The machine as smaller layers run on it."""
    return override(machine, how.fixed) if how.fixed else machine


def _nest(view: Any, geometry: Any, tiling: Any, rows: bool) -> Cutting:
    units = {"M": geometry.rows, "N": geometry.columns}
    sizes = {"M": view.M, "N": view.N}
    outer, inner = (tiling.outer, "N" if tiling.outer == "M" else "M")
    cuts = [Cut(outer, units[outer] * tiling.block, sizes[outer]), Cut(inner, units[inner], sizes[inner])]
    hold = tuple(
        min(each, 1) if tiling.is_outer(name) else each
        for name, each in zip(("weights", "inputs"), tiling.hold, strict=True)
    )
    told = {
        "mapping.order": f"{outer},{inner},K",
        f"mapping.tile.{outer}": str(units[outer] * tiling.block),
        "mapping.tile.K": str(geometry.window * tiling.windows),
    }
    signature = (tiling.block, tiling.windows, hold, geometry.rows, geometry.columns, geometry.abreast)
    return Cutting(tuple(cut for cut in cuts if rows or cut.rank == "N"), told, signature)


def _stationary(lowered: Any) -> Cutting:
    context = lowered.context
    machine, code, operands = context.machine, context.code, context.operands
    found = _nest(lowered.view, context.geometry, context.tiling, code.rows is None)
    array, abreast = machine.components.array, context.geometry.abreast
    told = dict(found.fixed)
    if array.shared_window == "auto" and abreast in (1, array.arrays.value):
        told["array.shared_window"] = str(abreast == 1).lower()
    if code.inputs is None and len(machine.datapath.inputs) > 1:
        told["datapath.inputs"] = operands.format
    signature = (*found.signature, operands.format, lowered.outputs.format, code.pattern)
    pattern = None if code.rows is not None else code.pattern
    return Cutting(found.cuts, told, signature, pattern)


def _outer_product(lowered: Any) -> Cutting:
    return _nest(lowered.view, lowered.context.operands.geometry, lowered.context.tiling, True)


def _packed(lowered: Any) -> Cutting:
    tiles = lowered.tiles
    cut = Cut("N", tiles.columns, lowered.view.N)
    return Cutting((cut,), {"mapping.tile.N": str(tiles.columns)}, (tiles.columns, tiles.hold))


def _csc(lowered: Any) -> Cutting:
    tiles, view = lowered.tiles, lowered.view
    cuts = Cut("M", tiles.rows, view.M), Cut("N", 1, view.N)
    told = {"mapping.tile.M": str(tiles.rows), "mapping.tile.K": str(tiles.columns)}
    return Cutting(cuts, told, (tiles.rows, tiles.columns))


def _systolic(lowered: Any) -> Cutting:
    grid, view = lowered.grid, lowered.view
    height = grid.accumulators if grid.dataflow == "is" else grid.columns
    width = {"os": grid.rows, "ws": grid.accumulators, "is": grid.columns}[grid.dataflow]
    m, n = Cut("M", height, view.M), Cut("N", width, view.N)
    n_outer = (grid.dataflow == "is") == (grid.outer == "columns")
    held = tuple(operand.hold for operand in lowered.operands.values())
    return Cutting((n, m) if n_outer else (m, n), {}, (held,))


_TOLD: dict[str, Callable[[Any], Cutting]] = {
    "csc": _csc,
    "outer_product": _outer_product,
    "packed": _packed,
    "stationary": _stationary,
    "systolic": _systolic,
}

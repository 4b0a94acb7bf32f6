"""Pieces: the parts of an operand its memory holds, how long each stays, and what is fetched.

A fold reads a slab of each operand, step after step. A slab that does not fit is cut along its steps into pieces of `chunk`
steps, two of which fit at least, since a skewed edge reads the end of one while it begins the next. Pieces are fetched and let go
in the same order; a piece stays for

    fold     one fold
    loop     all folds of an iteration of the outermost loop, if all pieces of it fit
    layer    all folds, if all pieces of the operand fit
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from simulator.errors import InfeasibleError
from simulator.hardware.components import Sram
from simulator.lowering.systolic.folds import INPUTS, Fold, Slab, Span, spans
from simulator.workload.matrix import GemmView


class Use(NamedTuple):
    """What a fold reads of an operand.

    Attributes
    ----------
    slab : Slab
    along_k : bool
        Steps run along K, lanes along the other rank; or the other way round.
    skewed : bool
        Lanes read one step after the other.
    outer : int
        Iteration of the outermost loop.
    """

    slab: Slab
    along_k: bool
    skewed: bool
    outer: int

    @property
    def steps(self) -> int:
        """Steps of the stream."""
        return (self.slab.k if self.along_k else self.slab.x).size

    @property
    def width(self) -> int:
        """Values per step."""
        return (self.slab.x if self.along_k else self.slab.k).size


@dataclass(frozen=True)
class Visit:
    """A use, and whether its pieces are fetched for it (`fetch`) and let go in it (`last`)."""

    use: Use
    fetch: bool
    last: bool


@dataclass(frozen=True)
class Operand:
    """One operand on its way through its memory.

    Attributes
    ----------
    view : GemmView
    tensor : str
        ``weights`` or ``inputs``.
    bits : int
        Of a value.
    sram : Sram
    uses : tuple of Use
        Per fold.
    """

    view: GemmView
    tensor: str
    bits: int
    sram: Sram
    uses: tuple[Use, ...]

    @cached_property
    def largest(self) -> Use:
        """The largest use; tiles are cut so that none is wider or longer."""
        return max(self.uses, key=lambda use: use.width * use.steps)

    @cached_property
    def chunk(self) -> int:
        """Steps per piece.

        Raises
        ------
        InfeasibleError
            The memory is too small for the edge.
        """
        use, sram = self.largest, self.sram
        room, buffers, lane = 8 * sram.capacity.value, sram.tile_buffers.value, use.width * self.bits
        if use.steps * lane <= room // buffers:
            return use.steps
        found, least = room // max(2, buffers) // lane, max(1, use.width - 1) if use.skewed else 1
        if found < least:
            raise InfeasibleError(
                f"sram.{self.tensor}.capacity is {sram.capacity.text}, too small for {max(2, buffers)} pieces of "
                f"{use.width} x {least} values of {self.bits} b; raise it, or lower sram.{self.tensor}.tile_buffers"
            )
        return found

    @cached_property
    def slots(self) -> int:
        """Pieces the memory has room for."""
        piece = self.largest.width * min(self.largest.steps, self.chunk) * self.bits
        return 8 * self.sram.capacity.value // piece

    @cached_property
    def hold(self) -> str:
        """How long pieces stay: ``fold``, ``loop`` or ``layer``, the longest that fits."""
        for hold in ("layer", "loop"):
            kept: dict[int, dict[Slab, int]] = {}
            for use in self.uses:
                pieces = -(-use.steps // self.chunk)
                kept.setdefault(use.outer if hold == "loop" else 0, {})[use.slab] = pieces
            if max(sum(each.values()) for each in kept.values()) <= self.slots:
                return hold
        return "fold"

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """One per fold."""
        stays = [self._stay(fold, use) for fold, use in enumerate(self.uses)]
        last = {stay: fold for fold, stay in enumerate(stays)}
        first = {stay: fold for fold, stay in reversed(list(enumerate(stays)))}
        return tuple(
            Visit(use, first[stays[fold]] == fold, last[stays[fold]] == fold)
            for fold, use in enumerate(self.uses)
        )

    def _stay(self, fold: int, use: Use) -> tuple[int, Slab | None]:
        """Equal for visits that share a stay of the slab in the memory."""
        return {"fold": (fold, None), "loop": (use.outer, use.slab), "layer": (0, use.slab)}[self.hold]

    def pieces(self, use: Use) -> list[Use]:
        """The pieces of a slab in the order they are read."""
        if use.steps <= self.chunk:
            return [use]
        cuts = [Span(a, b) for a, b in spans(use.steps, self.chunk)]
        k, x = use.slab.k.start, use.slab.x.start
        slabs = [
            use.slab._replace(k=Span(k + a, k + b))
            if use.along_k
            else use.slab._replace(x=Span(x + a, x + b))
            for a, b in cuts
        ]
        return [use._replace(slab=slab) for slab in slabs]

    @cached_property
    def fetched(self) -> tuple[Use, ...]:
        """Every piece that comes from DRAM, in order."""
        return tuple(piece for visit in self.visits if visit.fetch for piece in self.pieces(visit.use))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Bytes in DRAM of every piece that comes from there."""
        known = {piece: self.dram_bytes(piece) for piece in set(self.fetched)}
        return tuple(known[piece] for piece in self.fetched)

    def dram_bytes(self, piece: Use) -> int:
        """Bytes of a piece in DRAM, each element of the raw tensor once; a piece of nothing but padding takes one, as every
        item moves something.
        """
        slab = piece.slab
        elements = slab.k.size * slab.x.size
        if self.tensor == INPUTS:
            elements, _ = self.view.unique_inputs(slab.group, *slab.k, *slab.x)
        return max(1, -(-elements * self.bits // 8))

    def rows(self, piece: Use) -> int:
        """Accesses to the banks that hold a piece, one bank per lane."""
        return piece.width * -(-piece.steps * self.bits // (8 * self.sram.row.value))


def uses(folds: tuple[Fold, ...], stays: bool) -> dict[str, tuple[Use, ...]]:
    """Per tensor, what every fold reads of it: the left edge streams, so does the top one unless its operand stays."""
    found: dict[str, list[Use]] = {"weights": [], "inputs": []}
    for fold in folds:
        found[fold.west.tensor].append(Use(fold.west, not stays, True, fold.outer))
        found[fold.north.tensor].append(Use(fold.north, True, not stays, fold.outer))
    return {tensor: tuple(each) for tensor, each in found.items()}

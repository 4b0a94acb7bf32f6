"""Which series a machine runs, and what a pass of each term holds."""

from __future__ import annotations

from simulator.datapath.code import Code
from simulator.datapath.row_wise import menu, offset_bits, window
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.machine import Machine
from simulator.hardware.organisations.stationary import Stationary
from simulator.mapping import Pass
from simulator.mapping.passes import passes
from simulator.transform.tasd import Asked, asked
from simulator.workload.layer import Layer


def series_of(machine: Machine, layer: Layer) -> tuple[Stationary, Asked]:
    """The machine, and the series a layer runs with.

    Raises
    ------
    InputError
        The machine runs none, not this one, or not of this operand.
    """
    found = asked(layer)
    assert found is not None
    here = f"layer {layer.name!r}: {found.side} {found.series.text!r} on machine {machine.name!r}"
    if not isinstance(machine, Stationary) or machine.datapath.terms is None:
        raise InputError(f"{here}: it runs no series of terms; machines with datapath.terms do (ttc_*)")
    kept, length = menu(machine)
    choices = ", ".join(f"{n}:{length}" for n in kept)
    for n, m in found.series.terms:
        if m != length or n not in kept:
            raise InputError(f"{here}: it has no term {n}:{m}; choices: {choices}")
    if len(found.series.terms) > machine.datapath.terms.value:
        raise InputError(
            f"{here}: has {len(found.series.terms)} terms, datapath.terms is {machine.datapath.terms.value}"
        )
    if found.side == "inputs" and machine.components.tasd is None:
        raise InputError(f"{here}: it has no TASD units (components.tasd) to take terms out of inputs")
    if "uncompressed" not in machine.datapath.inputs:
        raise InputError(f"{here}: series need the other operand uncompressed (datapath.inputs)")
    if machine.components.compress is not None or machine.components.select is not None:
        raise InputError(f"{here}: series run on machines without select and compress units")
    return machine, found


def code_of(machine: Stationary, series: Asked) -> Code:
    """The layout of a series."""
    _, length = menu(machine)
    wide = window(machine, length)
    terms = []
    for n, _ in series.series.terms:
        slots = n * wide // length
        bits = slots * offset_bits(machine, n, length)
        terms.append(Code(f"{n}:{length}", wide, slots, bits, 0, length, padded=True))
    return Code(series.text, wide, wide, 0, 0, length, padded=True, terms=tuple(terms), shared=True)


def passes_of(machine: Stationary, series: Asked, code: Code, size: int, rows: int) -> tuple[Pass, ...]:
    """Passes of `rows` rows of multipliers over the `size` rows of the stationary operand.

    Raises
    ------
    InfeasibleError
        A row of a term has more slots than there are multipliers, or what a term leaves does not fit the TASD units.
    """
    most = rows_of(machine, code, rows)
    if series.side == "inputs" and len(most) > 1:
        parts = machine.components.tasd
        assert parts is not None
        kept = min(size, max(most)) * code.window * machine.value_bits.inputs.value
        if kept > 8 * parts.residual.value:
            raise InfeasibleError(
                f"machine {machine.name!r}: what a term leaves of {min(size, max(most))} rows and a window of {code.window} takes "
                f"{-(-kept // 8)} B, tasd.residual is {parts.residual.value} B; raise it or lower array.rows"
            )
    reads = [series.side == "weights" or term == 0 for term in range(len(most))]
    return passes(size, most, reads)


def rows_of(machine: Stationary, code: Code, rows: int) -> list[int]:
    """Rows of a pass of each term: as many as fill `rows` rows of multipliers."""
    array = machine.components.array
    multipliers = rows * array.pes.value * array.macs.value
    found = [multipliers // term.slots for term in code.terms]
    if min(found) == 0:
        most = max(term.slots for term in code.terms)
        raise InfeasibleError(
            f"machine {machine.name!r}: a row of a term needs {most} multipliers, those that share a window are {multipliers}"
        )
    return found

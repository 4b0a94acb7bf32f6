"""Row-wise N of M datapath (VEGETA): every row of weights has an N of its own, or all rows of a layer one (``rows: alike``).

A row whose fullest block of M along K has n non-zeros runs at the least N >= n of a menu, and keeps N slots per block: W N / M
multipliers for the window of W inputs that all rows of a pass share. A pass holds as many rows as fill its multipliers; rows run in
the order of falling N, so those of equal N are together, and sums over 8, 16 or 32 multipliers end in one accumulator::

    Z[m, n] = sum over windows w, blocks b, slots j < N[m] of  V[m, w, b, j] B[w W + b M + o[m, w, b, j], n]

Steps over K do not depend on N; how many rows share a step does. Source: Jeong et al., VEGETA (HPCA 2023, arXiv 2302.08687):
row-wise N:4 with N of 1, 2, 4; the packing is assumed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code, Rows
from simulator.datapath.n_of_m import select
from simulator.errors import InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.formats import CoordinatePayload
from simulator.sparsity.fullest import of_rows
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


class RowWise:
    """Rows take as many multipliers as their fullest block needs."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        layer.check_pattern()
        ns, length = menu(machine)
        view = GemmView(layer)
        kept = np.stack([cover(view.weights_mask(group), ns, length) for group in range(view.groups)])
        if machine.datapath.rows == "alike":
            kept[:] = kept.max()
        order = np.argsort(-kept, axis=1, kind="stable")
        shared = np.take_along_axis(kept, order, axis=1).max(axis=0)  # groups share the cut of the rows
        wide = window(machine, length)
        slots = shared * (wide // length)
        rows = Rows(order, slots, _metadata_bits(machine, shared, slots, length))
        text = ", ".join(f"{n}:{length} x {int((shared == n).sum())}" for n in ns if (shared == n).any())
        return Code(f"rows {text}", wide, wide, 0, 0, length, padded=True, rows=rows)

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
        """See :class:`simulator.datapath.code.Datapath`."""
        pad, length = -weights.shape[1] % code.window, code.choices
        padded, streamed = np.pad(weights, ((0, 0), (0, pad))), np.pad(inputs, ((0, pad), (0, 0)))
        ns = tuple(int(part.partition(":")[0]) for part in code.pattern.removeprefix("rows ").split(", "))
        kept = cover(padded != 0, ns, length)
        out = np.zeros((len(weights), inputs.shape[1]), dtype=weights.dtype)
        for n in ns:
            rows = np.flatnonzero(kept == n)
            if not len(rows):  # other rows, or other groups, have this N
                continue
            encoded = CoordinatePayload((length,), (n,)).encode(padded[rows])
            values = encoded.data.reshape(len(rows), -1, n)
            places = np.tile(np.arange(n, dtype=np.int64), values.size // n)
            if encoded.metadata:
                places = encoded.metadata["offset0"].entries.astype(np.int64)
            select(values, places.reshape(values.shape), length, np.ascontiguousarray(streamed), rows, out)
        return out


def cover(mask: NDArray[np.bool_], menu: tuple[int, ...], length: int) -> NDArray[np.int64]:
    """The least N of `menu` that every block of a row satisfies.

    Parameters
    ----------
    mask : ndarray of bool, shape (M, K)
    menu : tuple of int
        Ascending.
    length : int
        Coordinates of a block.

    Returns
    -------
    ndarray of int64, shape (M,)
    """
    found: NDArray[np.int64] = np.array(menu, dtype=np.int64)[np.searchsorted(menu, of_rows(mask, length))]
    return found


def menu(machine: Stationary) -> tuple[tuple[int, ...], int]:
    """(The Ns a row may have, ascending; M)."""
    family = parse(machine.datapath.weights)
    members = [each.ranks[0] for each in family.choices() if isinstance(each, Hss) and len(each.ranks) == 1]
    kept, lengths = sorted({g for g, _ in members}), {h for _, h in members}
    if len(lengths) != 1 or kept[-1] != max(lengths):
        raise InputError(
            f"machine {machine.name!r}: datapath.kind row_wise needs a menu of N:M with one M and N = M in it, so that any row "
            f"runs, not {family.text}"
        )
    return tuple(kept), lengths.pop()


def window(machine: Stationary, length: int) -> int:
    """Coordinates of K of a step."""
    if machine.datapath.window is None or machine.datapath.window.value % length:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind row_wise needs datapath.window, a whole number of blocks of {length}"
        )
    return machine.datapath.window.value


def _metadata_bits(
    machine: Stationary, kept: NDArray[np.int64], slots: NDArray[np.int64], length: int
) -> NDArray[np.int64]:
    """An offset per slot, none in rows that keep everything; the N of a row is in its place."""
    widths = {int(n): offset_bits(machine, int(n), length) for n in np.unique(kept)}
    each, place = np.unique(kept, return_inverse=True)
    return slots * np.array([widths[n] for n in each.tolist()], dtype=np.int64)[place]


def offset_bits(machine: Stationary, kept: int, length: int) -> int:
    """Bits of the place of a value that is one of `kept` in a block."""
    offsets = machine.datapath.offsets
    if offsets is None or offsets.format != "coordinate":
        raise InputError(
            f"machine {machine.name!r}: datapath.kind row_wise needs datapath.offsets of format coordinate"
        )
    word = 8 * machine.components.glb.metadata_word.value
    return offsets.width(kept, length, word) if kept < length else 0

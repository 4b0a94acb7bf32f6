"""A layer on the array: counts of the passes, from the masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.hardware.organisations.row_stationary import RowStationary
from simulator.lowering.cartesian.planes import Span
from simulator.lowering.row_stationary.blocking import Blocking, Pass
from simulator.sparsity.formats import RunLength
from simulator.workload.matrix import GemmView

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers.

    Attributes
    ----------
    machine : RowStationary
    view : GemmView
    blocking : Blocking
    mask : ndarray of bool or None
        Recorded non-zeros of the outputs, shape (groups, M, N); None: all.
    """

    machine: RowStationary
    view: GemmView
    blocking: Blocking
    mask: NDArray[np.bool_] | None

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """All passes in order."""
        return tuple(self.blocking.passes())

    @property
    def lanes(self) -> int:
        """Multipliers."""
        return self.machine.components.array.count

    @cached_property
    def _live(self) -> dict[tuple[int, int, Span], Counts]:
        return {}

    def live(self, at: Pass) -> Counts:
        """Non-zero inputs that meet each output column of a pass, one filter, shape (columns,)."""
        key = at.group, at.image, at.channels
        if key not in self._live:
            made, plane = (
                self.blocking.shape,
                self.blocking.shape.rows.outputs * self.blocking.shape.columns.outputs,
            )
            taps = made.rows.taps * made.columns.taps
            found = np.zeros(plane, dtype=np.int64)
            for tap in range(taps):
                k = tap * made.channels
                n = at.image * plane
                part = self.view.inputs_mask(
                    at.group, k + at.channels.first, k + at.channels.last, n, n + plane
                )
                found += part.sum(axis=0)
            self._live[key] = found.reshape(made.rows.outputs, made.columns.outputs)
        return np.asarray(self._live[key][at.strip.first : at.strip.last].sum(axis=0))

    def dense(self, at: Pass) -> int:
        """Multiplications of an output column of a pass, zeros and padding included."""
        made = self.blocking.shape
        taps = made.rows.taps * made.columns.taps
        return len(at.strip) * len(at.filters) * len(at.channels) * taps

    # --- Sizes ------------------------------------------------------------------------------------------------

    def image_rows(self, at: Pass) -> Span:
        """Input rows of a strip."""
        return self.blocking.shape.rows.needed(at.strip)

    @cached_property
    def arriving(self) -> Counts:
        """Input columns that each output column of a strip is the first to need."""
        axis = self.blocking.shape.columns
        found, seen = [], 0
        for q in range(axis.outputs):
            first = q * axis.stride - axis.padding
            last = min(axis.inputs, max(0, first + axis.dilation * (axis.taps - 1) + 1))
            found.append(max(0, last - max(seen, first)))
            seen = max(seen, last)
        return np.array(found, dtype=np.int64)

    def copies(self, at: Pass) -> int:
        """Elements of a set of filters that get an input column of one channel, over all rows of the strip."""
        axis = self.blocking.shape.rows
        rows = (
            axis.stride * p + axis.dilation * r - axis.padding
            for p in range(at.strip.first, at.strip.last)
            for r in range(axis.taps)
        )
        return sum(0 <= y < axis.inputs for y in rows)

    def weight_bytes(self, at: Pass) -> int:
        """Bytes of a set of weights."""
        made = self.blocking.shape
        values = len(at.filters) * len(at.channels) * made.rows.taps * made.columns.taps
        return -(-values * self.machine.value_bits.weights.value // 8)

    @cached_property
    def _entries(self) -> dict[tuple[int, int], Counts]:
        return {}

    def input_bytes(self, at: Pass) -> tuple[int, int]:
        """(Run-length coded bytes in DRAM, bytes in the buffer) of the inputs of a band and the channels of a pass."""
        key, rows = at[:2], self.blocking.shape.rows.needed(at.band)
        if key not in self._entries:
            image = self.view.image_mask(*key)
            if self.view.layer.einsum.operation == "gemm":
                image = image.transpose(0, 2, 1)
            fibers = np.ascontiguousarray(image).reshape(-1, image.shape[2])
            coded = RunLength(self.machine.components.coding.run.value).bits(fibers, 1)
            self._entries[key] = coded.data.reshape(image.shape[:2])
        width, run = self.machine.value_bits.inputs.value, self.machine.components.coding.run.value
        entries = self._entries[key][at.channels.first : at.channels.last, rows.first : rows.last].sum()
        values = len(at.channels) * len(rows) * self.blocking.shape.columns.inputs
        return max(1, -(-int(entries) * (width + run) // 8)), -(-values * width // 8)

    @cached_property
    def _stored(self) -> Counts | None:
        """Stored outputs of every row, shape (groups, filters, images, rows)."""
        if self.mask is None:
            return None
        made = self.blocking.shape
        fibers = np.ascontiguousarray(self.mask).reshape(-1, made.columns.outputs)
        coded = RunLength(self.machine.components.coding.run.value).bits(fibers, 1)
        return coded.data.reshape(made.groups, made.filters, made.images, made.rows.outputs)

    def output_bytes(self, at: Pass) -> int:
        """Run-length coded bytes of the outputs of a strip."""
        if self._stored is None:
            entries = len(at.filters) * len(at.strip) * self.blocking.shape.columns.outputs
        else:
            rows = slice(at.strip.first, at.strip.last)
            entries = int(self._stored[at.group, at.filters.first : at.filters.last, at.image, rows].sum())
        width = self.machine.value_bits.outputs.value + self.machine.components.coding.run.value
        return max(1, -(-entries * width // 8))

    def sums_bytes(self, at: Pass) -> int:
        """Bytes of the partial sums of an output column of a strip."""
        return -(-len(at.strip) * len(at.filters) * self.machine.components.array.word.value // 8)

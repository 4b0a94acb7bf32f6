"""Work of one layer on a stationary-weight machine, counted element by element.

A pass loads a window of weights of a row tile into the array and streams a tile's columns past it: per row and
column the machine multiplies every stored weight of the row by the input at its coordinate. What each count is
follows docs/highlight.md and the machine's description; nothing here calls the lowering.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.hardware import Machine
from simulator.workload.matrix import GemmView
from validation.oracles.decomposed import Terms
from validation.oracles.nest import Nest, Visit, cut, element, visits
from validation.oracles.rows import Packing, packing
from validation.oracles.storage import Rows, encode, units
from validation.oracles.structured import structured

DRAM_WORD = 64
OUTPUT_BLOCKS = (8, 4)


@dataclass
class Work:
    """What a layer asks of the machine.

    Attributes
    ----------
    actions : dict of (component, action) to int
    demand : dict of component to int
        Bytes through ports that move bytes, items of those that move items.
    traffic : dict of str to int
        DRAM bytes per tensor.
    passes : list of (int, int)
        Effectual and gated multiplications of every pass.
    data, metadata : list of Rows
        Input stream of every visit.
    bursts : list of int
        DRAM bursts filled by every step that finishes columns.
    slots : int
        Multiplications that could have started.
    """

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    demand: Counter[str] = field(default_factory=Counter)
    traffic: Counter[str] = field(default_factory=Counter)
    passes: list[tuple[int, int]] = field(default_factory=list)
    data: list[Rows] = field(default_factory=list)
    metadata: list[Rows] = field(default_factory=list)
    bursts: list[int] = field(default_factory=list)
    slots: int = 0


class Oracle:
    """One layer on one machine under one loop nest.

    Parameters
    ----------
    machine : Machine
    view : GemmView
    pattern : str
        What the weights run as: ``dense``, ``C1(G1:H1)->C0(G0:H0)``, ``N:M`` or terms.
    nest : Nest
    outputs : ndarray of bool, shape (groups, M, N), or None
        Recorded non-zeros of the outputs.
    """

    def __init__(
        self, machine: Machine, view: GemmView, pattern: str, nest: Nest, outputs: np.ndarray[Any, Any] | None
    ) -> None:
        self.parts, self.bits, self.machine = machine.components, machine.value_bits, machine
        self.view, self.nest, self.outputs = view, nest, outputs
        array = self.parts.array
        self.lanes, self.arrays = array.pes.value * array.macs.value, array.arrays.value
        numbers = [int(n) for n in re.findall(r"(\d+):(\d+)", pattern) for n in n]
        numbers = [] if machine.datapath.kind in ("row_wise", "decomposed") else numbers
        if len(numbers) == 2:  # as many blocks of N:M side by side as the row has multipliers for
            full = numbers[0] == numbers[1]
            numbers = [] if full else [self.lanes // numbers[0]] * 2 + numbers
        self.one_rank = bool(numbers) and numbers[0] == numbers[1] and machine.datapath.kind == "n_of_m"
        self.ranks = tuple(numbers) if numbers else None
        self.h1, self.h0 = (numbers[1], numbers[3]) if numbers else (self.lanes, 1)
        self.window = self.h1 * self.h0
        self.cycles = 1
        self.weights = [view.weights_mask(g) for g in range(view.groups)]
        self.inputs = [view.inputs_mask(g, 0, view.K, 0, view.N) for g in range(view.groups)]
        self.form = structured(machine, pattern, self.inputs) if machine.datapath.streamed else None
        if self.form is not None:
            self.window, self.cycles = self.form.window, self.form.cycles
            self.h1, self.h0 = self.window, 1
        self.rows = self._packed() if machine.datapath.kind == "row_wise" else None
        if self.rows is not None:
            self.window = self.h1 = self.rows.window
        self.terms = None
        if machine.datapath.kind == "decomposed":
            self.terms = Terms(machine, pattern, view.K)
        self.format = self._smaller(machine.datapath.inputs)
        self.packed = self._outputs_packed()
        self.work = Work()

    def _packed(self) -> Packing:
        """Rows in the order they run; weights and outputs follow it."""
        found = packing(
            self.machine,
            self.weights,
            self.arrays // self.nest.abreast * self.parts.array.rows.value * self.lanes,
        )
        assert found.cuts == self.nest.cuts
        self.weights = [mask[rows] for mask, rows in zip(self.weights, found.order, strict=True)]
        if self.outputs is not None:
            self.outputs = np.stack([m[rows] for m, rows in zip(self.outputs, found.order, strict=True)])
        return found

    # --- formats ------------------------------------------------------------------------------------------

    def stored(self, name: str, group: int, span: range, column: int) -> tuple[int, int]:
        """(Data, metadata) bits of a column's window of inputs in a format."""
        if self.terms is not None:
            return self.terms.stored(span)
        if self.form is not None and name != "uncompressed":
            return self.form.values * self.bits.inputs.value, self.form.places
        if name == "uncompressed":
            cut_short = self.parts.fetch.variable and not self.parts.fetch.padded
            return (len(span) if cut_short else self.window) * self.bits.inputs.value, 0
        values = [bool(self.inputs[group][k, column]) for k in span]
        if name == "bitmask":
            return sum(values) * self.bits.inputs.value, self.window
        data, metadata = encode(values, self.h1, self.h0, self.bits.inputs.value)
        return len(data), len(metadata)

    def _smaller(self, names: tuple[str, ...]) -> str:
        if self.terms is not None:
            return "scaled" if self.terms.scaled else "uncompressed"
        if self.form is not None:
            return "uncompressed" if self.form.dense else self.form.name
        sizes = {
            name: sum(
                sum(self.stored(name, group, span, column))
                for group in range(self.view.groups)
                for span in cut(self.view.K, self.window)
                for column in range(self.view.N)
            )
            for name in names
        }
        return min(names, key=lambda name: sizes[name])

    def _outputs_packed(self) -> bool:
        if self.outputs is None or self.parts.compress is None:
            return False
        packed = 0
        for group in range(self.view.groups):
            for n in range(self.view.N):
                packed += self._column(group, range(self.view.M), n)
        return packed < self.outputs.size * self.bits.outputs.value

    def _column(self, group: int, rows: range, n: int) -> int:
        """Bits of a column of outputs, compressed."""
        assert self.outputs is not None
        bits = 0
        for span in cut(len(rows), OUTPUT_BLOCKS[0] * OUTPUT_BLOCKS[1]):
            values = [bool(self.outputs[group, rows[i], n]) for i in span]
            bits += sum(map(len, encode(values, *OUTPUT_BLOCKS, self.bits.outputs.value)))
        return bits

    # --- operands -----------------------------------------------------------------------------------------

    def slots(self, span: range, row: int) -> int:
        """Weights a row stores for a window: every lane of an HSS row, the coordinates there are of a dense."""
        if self.rows is not None:
            return self.rows.slots[row]
        if self.terms is not None:
            return self.terms.at(span).slots
        if self.form is not None:
            return self.form.weights
        return self.lanes if self.ranks else min(self.lanes, len(span))

    def weight_bits(self, m: range, span: range) -> tuple[int, int]:
        """(Data, metadata) bits of the weights of a pass."""
        rows, metadata = len(m), 0
        values = sum(self.slots(span, row) for row in m)
        if self.rows is not None:
            return values * self.bits.weights.value, sum(self.rows.offsets[row] for row in m)
        if self.terms is not None:
            term = self.terms.at(span)
            return values * term.weights, rows * (term.places + term.weight_scales)
        if self.form is not None:
            metadata = rows * self.form.offsets
        elif self.ranks:
            g1, h1, g0, h0 = self.ranks
            if self.one_rank:
                metadata = rows * self.lanes * self.offset_bits(g0, h0)
            elif (g1, g0) != (h1, h0):
                metadata = rows * (g1 * len(f"{h1 - 1:b}") + g1 * g0 * len(f"{h0 - 1:b}"))
        return values * self.bits.weights.value, metadata

    def offset_bits(self, kept: int, length: int) -> int:
        """Bits of an offset: enough for its numbers, and a whole number of them in a metadata word."""
        offsets = self.machine.datapath.offsets
        numbers = length if offsets.format == "coordinate" else length - kept
        word = 8 * self.parts.glb.metadata_word.value
        fits = [w for w in range(offsets.least.value, word + 1) if word % w == 0 and 2**w >= numbers]
        return min(fits)

    def input_steps(self, visit: Visit) -> tuple[list[int], list[int]]:
        """(Data, metadata) bits of every step of a visit."""
        data, metadata = [], []
        for span in visit.windows:
            for columns in visit.columns(self.nest.abreast):
                stored = [self.stored(self.format, visit.group, span, n) for n in columns]
                data.append(sum(d for d, _ in stored))
                metadata.append(sum(m for _, m in stored))
        return data, metadata

    # --- counting -----------------------------------------------------------------------------------------

    def count(self) -> Work:
        """Walk the whole layer."""
        for visit in visits(self.nest):
            self._fetch(visit)
            self._read(visit)
            for span in visit.windows:
                self._multiply(visit, span, first=visit.begin and span == visit.windows[0])
            if visit.end:
                self._finish(visit)
        return self.work

    def _add(self, component: str, **counts: int) -> None:
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _fetch(self, visit: Visit) -> None:
        """DRAM to GLB."""
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        if visit.fetched["weights"]:
            bits = [self.weight_bits(visit.m, span) for span in visit.windows]
            size = units(sum(d for d, _ in bits), 8) + units(sum(m for _, m in bits), 8)
            self._moved("weights", size, sum(units(d, row) for d, _ in bits), [m for _, m in bits], word)
        if visit.fetched["inputs"]:
            data, metadata = self.input_steps(visit)
            size = self._raw_bytes(visit, sum(data), sum(metadata))
            self._moved("inputs", size, Rows(data, row).rows, [sum(metadata)], word)

    def _raw_bytes(self, visit: Visit, data: int, metadata: int) -> int:
        """Bytes in DRAM: each element once; metadata, and zeros that are stored, in proportion to those repeated."""
        raw, mask = set(), self.view.layer.inputs.mask
        places = 0
        for span in visit.windows:
            for k in span:
                for n in visit.n:
                    places += 1
                    raw.add(element(self.view, visit.group, k, n))
        raw.discard(None)
        if self.terms is not None:
            return self._term_bytes(visit, len(raw), places)
        if self.format == "uncompressed":
            return units(len(raw) * self.bits.inputs.value, 8)
        if self.form is not None:
            return sum(units(-(-bits * len(raw) // places), 8) for bits in (data, metadata))
        nonzeros = sum(bool(mask[element]) for element in raw)
        return units(nonzeros * self.bits.inputs.value, 8) + units(-(-metadata * len(raw) // places), 8)

    def _term_bytes(self, visit: Visit, elements: int, places: int) -> int:
        """Bytes of the terms of a visit, each by itself; `elements` of `places` are elements of their own."""
        assert self.terms is not None
        total = 0
        for number, term in enumerate(self.terms.terms):
            spans = [span for span in visit.windows if self.terms.number(span) == number]
            pairs = [self.terms.stored(span) for span in spans]
            if term.input_scales == 0:  # uncompressed: the elements of a single term
                return units(elements * term.inputs, 8)
            for bits in (sum(part) * len(visit.n) for part in zip(*pairs, strict=True)):
                total += units(-(-bits * elements // places), 8)
        return total

    def _moved(self, tensor: str, size: int, rows: int, metadata: list[int], word: int) -> None:
        words = sum(units(bits, word) for bits in metadata)
        self.work.traffic[tensor] += size
        self._add("dram", dram_read=units(8 * max(1, size), DRAM_WORD))
        self._add("glb.write", sram_write=rows, metadata_write=words)
        self.work.demand["dram"] += max(1, size)
        self.work.demand["glb.write"] += rows * self.parts.glb.row.value + words * word // 8

    def _read(self, visit: Visit) -> None:
        """GLB to weight registers and to windows."""
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        for span in visit.windows:
            data, metadata = self.weight_bits(visit.m, span)
            rows, words = units(data, row), units(metadata, word)
            self._add("glb.read", sram_read=rows, metadata_read=words)
            self._add("refill", operand_write=sum(self.slots(span, row) for row in visit.m))
            self.work.demand["glb.read"] += rows * row // 8 + words * word // 8
            self.work.demand["refill"] += rows * row // 8 + words * word // 8
        bits, more = self.input_steps(visit)
        stream = Rows(bits, row)
        self.work.data.append(stream)
        self._add("glb.read", sram_read=stream.rows, metadata_read=units(sum(more), word))
        port = 8 * (self.parts.glb.data_word or self.parts.glb.row).value
        last = units(stream.bits - (stream.rows - 1) * row, port) * port
        arrived = ((stream.rows - 1) * row + last) // 8 + units(sum(more), word) * word // 8
        used = units(stream.bits, 8) + units(sum(more), 8)
        if self.format != "uncompressed":
            self.work.metadata.append(Rows(more, row))
        self._add("fetch", fetch_write=arrived, fetch_read=used, window_shift=used)
        self.work.demand["glb.read"] += arrived

    def _multiply(self, visit: Visit, span: range, first: bool) -> None:
        """A pass: every step, every row, every stored weight."""
        weights, inputs = self.weights[visit.group], self.inputs[visit.group]
        useful = issued = sums = 0
        for columns in visit.columns(self.nest.abreast):
            self._step(span)
            for n in columns:
                reached = self.arrays // self.nest.abreast
                self._add("distribute", noc_byte=reached * units(self._delivered(span), 8))
                for m in visit.m:
                    issued += self.form.issued if self.form is not None else self.slots(span, m)
                    sums += 1
                    useful += sum(bool(weights[m, k] and inputs[k, n]) for k in span)
        gated = issued - useful if self.machine.datapath.gating else 0
        self.work.passes.append((issued - gated, gated))
        muxing = self.form is not None or self.rows is not None or (self.ranks and self.ranks[3] > 1)
        if self.terms is not None:
            muxing = self.terms.at(span).choosing
        muxed = issued if muxing else 0
        self._add("array", mac=issued - gated, mac_gated=gated, value_mux=muxed, operand_read=issued)
        self._add("array", psum_read=0 if first else sums, psum_write=sums)
        if self.parts.select is not None and (self.ranks or self.form):
            shown = self.form.shown if self.form is not None else self.ranks[0] if self.ranks else 0
            self._add("select", block_select=sums * shown)

    def _delivered(self, span: range) -> int:
        """Bits of a window on its way to the arrays."""
        if self.terms is not None:
            return self.terms.delivered(span)
        if self.form is None or self.form.dense:
            return self.window * self.bits.inputs.value
        return self.form.values * self.bits.inputs.value + self.form.places

    def _step(self, span: range) -> None:
        term = None if self.terms is None else self.terms.at(span)
        cycles, rate = (self.cycles, self.lanes) if term is None else (term.cycles, term.rate)
        self.work.slots += cycles * rate * self.arrays * self.parts.array.rows.value
        for component in ("fetch", *(["select"] if self.parts.select is not None else [])):
            self.work.demand[component] += 1
        self.work.demand["array"] += cycles
        self.work.demand["distribute"] += units(self.nest.abreast * self._delivered(span), 8)

    def _finish(self, visit: Visit) -> None:
        """Accumulators to DRAM."""
        rows, width = len(visit.m), self.bits.outputs.value
        burst = 8 * self.parts.dram.burst.value
        last = "pack" if self.parts.compress is None else "compress"
        used, full = 0, 0
        steps = visit.columns(self.nest.abreast)
        for columns in steps:
            self._add("drain", psum_read=rows * len(columns), drain_word=rows * len(columns))
            self._add(last, compress_value=rows * len(columns) if self.packed else 0)
            self.work.demand["drain"] += units(rows * len(columns) * width, 8)
            self.work.demand[last] += 1
            for n in columns:
                used += self._column(visit.group, visit.m, n) if self.packed else rows * width
            self.work.bursts.append(used // burst - full)
            full = used // burst
        self.work.bursts[-1] += units(used, burst) - full
        self.work.traffic["outputs"] += units(used, 8)
        self.work.demand["dram"] += units(used, 8)
        self._add("dram", dram_write=units(8 * units(used, 8), DRAM_WORD))

"""Work of a layer run as a series of terms, counted block by block, element by element.

For every visit of the loop nest (an accumulator tile and a piece of K), for every window of it, term by term and as many rows at a
time as fill the multipliers: load what the term has of those rows, stream the window's columns past them. What each count is
follows docs/tasd.md and the machine's description; nothing here calls the lowering, the datapath or the transformation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.hardware import Machine
from simulator.workload.matrix import GemmView
from validation.oracles.nest import Nest, Visit, cut, element, visits
from validation.oracles.storage import Rows, units

Array = np.ndarray[Any, Any]
DRAM_WORD = 64


@dataclass
class Terms:
    """Counts of a layer.

    Attributes
    ----------
    actions : dict of (component, action) to int
    demand : dict of component to int
    traffic : dict of str to int
        DRAM bytes of what stays (``still``), what is streamed (``moving``) and the outputs.
    batches : list of (int, int)
        Demand and work of every batch of the units, in order.
    effectual : int
    """

    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    demand: Counter[str] = field(default_factory=Counter)
    traffic: Counter[str] = field(default_factory=Counter)
    batches: list[tuple[int, int]] = field(default_factory=list)
    effectual: int = 0


def taken(block: list[float], series: list[int]) -> list[list[int]]:
    """Of a block, the places each term takes: the largest first, the lower one of equals, never a zero."""
    left = {k: abs(value) for k, value in enumerate(block) if value}
    found = []
    for kept in series:
        mine = sorted(left, key=lambda k: (-left[k], k))[:kept]
        found.append(mine)
        for k in mine:
            del left[k]
    return found


class Oracle:
    """One layer on one machine under one loop nest.

    Parameters
    ----------
    machine : Machine
    view : GemmView
        The layer's matrices as recorded.
    side : str
        ``weights`` or ``inputs``: what is decomposed, and stays in the multipliers.
    series : list of int
        N of each term.
    length : int
        M.
    nest : Nest
        Of the stationary operand's rows (M) and the other's columns (N).
    """

    def __init__(
        self, machine: Machine, view: GemmView, side: str, series: list[int], length: int, nest: Nest
    ) -> None:
        self.parts, self.nest, self.view, self.side = machine.components, nest, view, side
        self.series, self.length = series, length
        bits = machine.value_bits
        pair = bits.weights.value, bits.inputs.value
        self.still_bits, self.moving_bits = pair if side == "weights" else pair[::-1]
        self.output_bits = bits.outputs.value
        groups = range(view.groups)
        weights = [view.weights(g) for g in groups]
        inputs = [view.inputs(g, 0, view.K, 0, view.N) for g in groups]
        self.still = weights if side == "weights" else [a.T for a in inputs]
        self.moving = inputs if side == "weights" else [a.T for a in weights]
        word = 8 * self.parts.glb.metadata_word.value
        least = machine.datapath.offsets.least.value
        self.place_bits = min(w for w in range(least, word + 1) if word % w == 0 and 2**w >= length)
        lanes = self.parts.array.pes.value * self.parts.array.macs.value
        rows = self.parts.array.arrays.value // nest.abreast * self.parts.array.rows.value
        self.slots = [n * nest.window // length for n in series]
        self.rows = [lanes * rows // slots for slots in self.slots]
        assert nest.rows == min(max(self.rows), len(self.still[0]))
        self.work = Terms()

    def count(self) -> Terms:
        """Walk the whole layer."""
        for visit in visits(self.nest):
            self._fetch(visit)
            for window in visit.windows:
                for term in range(len(self.series)):
                    for start in range(visit.m.start, visit.m.stop, self.rows[term]):
                        rows = range(start, min(visit.m.stop, start + self.rows[term]))
                        self._pass(visit, window, term, rows)
        return self.work

    def _add(self, component: str, **counts: int) -> None:
        for action, count in counts.items():
            self.work.actions[component, action] += count

    def _stored(self, term: int, rows: int) -> tuple[int, int]:
        """(Values, metadata bits) of a term of some rows and a window."""
        values = rows * self.slots[term]
        return values, 0 if self.series[term] == self.length else values * self.place_bits

    def _read_of(self, term: int, rows: int) -> tuple[int, int]:
        """(Data, metadata) bits that a pass reads of the stationary operand."""
        values, places = self._stored(term, rows)
        if self.side == "weights":
            return values * self.still_bits, places
        return (rows * self.nest.window * self.still_bits if term == 0 else 0), 0

    def _fetch(self, visit: Visit) -> None:
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        if visit.fetched["weights"]:
            size = rows = words = 0
            for _window in visit.windows:
                for term, most in enumerate(self.rows):
                    for part in cut(len(visit.m), most):
                        data, places = self._read_of(term, len(part))
                        size += units(data + places, 8)
                        rows += units(data, row)
                        words += units(places, word)
            if self.side == "inputs":
                size = units(len(self._raw(visit)) * self.still_bits, 8)
            self._moved("still", size, rows, words)
        if visit.fetched["inputs"]:
            size = units(sum(map(len, visit.windows)) * len(visit.n) * self.moving_bits, 8)
            if self.side == "weights":
                size = units(len(self._raw(visit)) * self.moving_bits, 8)
            rows = sum(self._stream(visit).rows for _window in visit.windows)
            self._moved("moving", size, rows, 0)

    def _raw(self, visit: Visit) -> set[tuple[int, ...]]:
        """Elements of the recorded inputs that a visit's piece of them has, each once."""
        columns = visit.n if self.side == "weights" else visit.m
        found = {
            element(self.view, visit.group, k, n) for window in visit.windows for k in window for n in columns
        }
        return {each for each in found if each is not None}

    def _moved(self, operand: str, size: int, rows: int, words: int) -> None:
        self.work.traffic[operand] += size
        self._add("dram", dram_read=units(8 * max(1, size), DRAM_WORD))
        self._add("glb.write", sram_write=rows, metadata_write=words)
        self.work.demand["dram"] += max(1, size)
        self.work.demand["glb.write"] += (
            rows * self.parts.glb.row.value + words * self.parts.glb.metadata_word.value
        )

    def _stream(self, visit: Visit) -> Rows:
        """A window of every column, from a row of its own on."""
        steps = [len(columns) for columns in visit.columns(self.nest.abreast)]
        width = self.nest.window * self.moving_bits
        return Rows([count * width for count in steps], 8 * self.parts.glb.row.value)

    def _pass(self, visit: Visit, window: range, term: int, rows: range) -> None:
        row, word = 8 * self.parts.glb.row.value, 8 * self.parts.glb.metadata_word.value
        data, places = self._read_of(term, len(rows))
        self._add("glb.read", sram_read=units(data, row), metadata_read=units(places, word))
        read = units(data, row) * row // 8 + units(places, word) * word // 8
        self.work.demand["glb.read"] += read
        values, _ = self._stored(term, len(rows))
        self._add("refill", operand_write=values)
        if self.side == "weights":
            self.work.demand["refill"] += read
        else:
            self._extract(visit, window, term, rows)
        stream = self._stream(visit)
        port = 8 * (self.parts.glb.data_word or self.parts.glb.row).value
        last = units(stream.bits - (stream.rows - 1) * row, port) * port
        arrived = ((stream.rows - 1) * row + last) // 8
        self._add("glb.read", sram_read=stream.rows)
        self._add("fetch", fetch_write=arrived, fetch_read=units(stream.bits, 8))
        self._add("fetch", window_shift=units(stream.bits, 8))
        self.work.demand["glb.read"] += arrived
        self._steps(visit, window, term, rows)

    def _extract(self, visit: Visit, window: range, term: int, rows: range) -> None:
        """The units: batches of blocks, row after row."""
        busy = []
        for r in rows:
            for start in range(window.start, window.start + self.nest.window, self.length):
                busy.append(max(1, len(self._block(visit.group, r, start)[term])))
        for batch in cut(len(busy), self.parts.tasd.units.value):
            some = [busy[i] for i in batch]
            self.work.batches.append((max(some), sum(some)))
            self.work.demand["tasd"] += max(some)
            per = self.series[term] * self.still_bits
            if self.series[term] < self.length:
                per += self.series[term] * self.place_bits
            self.work.demand["refill"] += units(len(some) * per, 8)
        self._add("tasd", tasd_compare=sum(busy) * (self.length - 1))
        values = len(busy) * self.length
        self._add("tasd", residual_read=values if term else 0)
        self._add("tasd", residual_write=values if term < len(self.series) - 1 else 0)

    def _block(self, group: int, row: int, start: int) -> list[list[int]]:
        stop = min(start + self.length, self.view.K)
        return taken([float(self.still[group][row, k]) for k in range(start, stop)], self.series)

    def _steps(self, visit: Visit, window: range, term: int, rows: range) -> None:
        first = visit.begin and window == visit.windows[0] and term == 0
        last = visit.end and window == visit.windows[-1] and term == len(self.series) - 1
        lanes = self.parts.array.arrays.value // self.nest.abreast
        width = units(self.nest.window * self.moving_bits, 8)
        kept = {
            (r, start + k)
            for r in rows
            for start in range(window.start, window.stop, self.length)
            for k in self._block(visit.group, r, start)[term]
        }
        for columns in visit.columns(self.nest.abreast):
            self.work.demand["fetch"] += 1
            self.work.demand["array"] += 1
            self.work.demand["distribute"] += units(
                self.nest.abreast * self.nest.window * self.moving_bits, 8
            )
            sums = len(rows) * len(columns)
            issued = sums * self.slots[term]
            useful = sum(bool(self.moving[visit.group][k, n]) for _, k in kept for n in columns)
            self.work.effectual += useful
            self._add("distribute", noc_byte=len(columns) * lanes * width)
            self._add("array", mac=issued, value_mux=issued, operand_read=issued)
            self._add("array", psum_read=0 if first else sums, psum_write=sums)
            if last:
                self._add("drain", psum_read=sums, drain_word=sums)
                self.work.demand["drain"] += units(sums * self.output_bits, 8)
                self.work.demand["pack"] += 1
        if last:
            size = units(len(rows) * len(visit.n) * self.output_bits, 8)
            self.work.traffic["outputs"] += size
            self._add("dram", dram_write=units(8 * size, DRAM_WORD))
            self.work.demand["dram"] += size

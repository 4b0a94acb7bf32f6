"""Machines whose weights are sums of terms in number formats: what a window of each term is, and the order windows run in.

See docs/machines/sdq_tc.md; nothing here calls the lowering or a datapath.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.hardware import Machine

BITS = {"fp16": 16, "fp8": 8, "int8": 8, "fp4": 4, "int4": 4}


@dataclass(frozen=True)
class Term:
    """A step of a row, for windows of one term.

    Attributes
    ----------
    rate, window, cycles : int
        Multiplications of a row per cycle; coordinates of K; cycles.
    weights, inputs : int
        Bits of a value.
    places, weight_scales, input_scales : int
        Bits of a row's window: where its weights belong, and scales; bits of a scale of the inputs, 0 without.
    choosing : bool
        Whether muxes choose inputs.
    """

    rate: int
    window: int
    cycles: int
    weights: int
    inputs: int
    places: int
    weight_scales: int
    input_scales: int
    choosing: bool

    @property
    def slots(self) -> int:
        """Weights of a row."""
        return self.rate * self.cycles


class Terms:
    """Terms of a layer.

    Parameters
    ----------
    machine : Machine
    pattern : str
        ``N:M``, or ``N:M format + N:M format``.
    depth : int
        K of the layer.
    """

    def __init__(self, machine: Machine, pattern: str, depth: int) -> None:
        self.machine = machine
        self.terms = [self._read(text) for text in pattern.split(" + ")]
        self.depth = depth // len(self.terms)
        self.vector = machine.datapath.scales.vector.value
        self.scaled = any(term.input_scales for term in self.terms)

    def _read(self, text: str) -> Term:
        kept, length, _, weights, _, inputs = re.fullmatch(r"(\d+):(\d+)( (\w+)(\*(\w+))?)?", text).groups()
        told, scales = weights is not None, self.machine.datapath.scales
        plain = self.machine.value_bits
        bits = [plain.weights.value, plain.inputs.value]
        if told:
            bits = [BITS[weights], BITS[inputs or weights]]
            formats = [weights, inputs or weights]
        else:
            formats = [f"int{each}" for each in bits]
        rate = min(getattr(self.machine.datapath.rates, each).value for each in formats)
        n, m = int(kept), int(length)
        window = rate * m
        vectors = -(-window // scales.vector.value)
        coordinate = len(f"{m - 1:b}")
        places = 0 if n == m else min(n * coordinate, m) * rate
        scale = scales.width.value
        return Term(
            rate,
            window,
            n,
            *bits,
            places,
            vectors * scale if told and bits[0] < 16 else 0,
            scale if told and bits[1] < 16 else 0,
            n < m,
        )

    def number(self, span: range) -> int:
        """Of the term a window is of."""
        return span.start // self.depth

    def at(self, span: range) -> Term:
        """The term a window is of."""
        return self.terms[self.number(span)]

    def windows(self) -> tuple[range, ...]:
        """All windows in the order they run, as coordinates of the layer's K."""
        found = []
        for i, term in enumerate(self.terms):
            for start in range(0, self.depth, term.window):
                end = min(self.depth, start + term.window)
                found.append((end, i, range(i * self.depth + start, i * self.depth + end)))
        if self.machine.datapath.schedule == "interleaved":
            found.sort(key=lambda one: one[:2])
        return tuple(span for _, _, span in found)

    def stored(self, span: range) -> tuple[int, int]:
        """(Data, metadata) bits of a column's window of inputs."""
        term, fetch = self.at(span), self.machine.components.fetch
        size = len(span) if fetch.variable and not fetch.padded else term.window
        return size * term.inputs, -(-size // self.vector) * term.input_scales

    def delivered(self, span: range) -> int:
        """Bits of a window on its way to the arrays."""
        term = self.at(span)
        return term.window * term.inputs + -(-term.window // self.vector) * term.input_scales

"""Decomposed datapath (SDQ): weights as structured terms in number formats of their own, unrolled in time.

A row has L(f) lanes for number format f, more for narrower ones. A lane is shown a block of M inputs and multiplies the block's N
weights one per cycle, each with the input its place names; a step is L(f) blocks side by side and N cycles. Lanes of a vector (V
coordinates that share a scale) add up products of codes, and the sum is scaled once on its way to the accumulator, where terms
meet::

    Z[m, n] = sum over terms, vectors v of  s[m, v] t[v, n] D[m, v, n]
    D[m, v, n] = sum over blocks b of v, slots j < N of  V[m, b, j] x[b M + o[m, b, j], n]

N = M keeps no places; N':M' with c M' = M runs as c N':M, which contains it. Source: Jeong et al., SDQ (arXiv 2406.13868) for what
is computed. How its hardware lays out N of 8 was not seen: lanes in time are chosen because they keep every N busy.
"""

from __future__ import annotations

from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.datapath.weights import member
from simulator.errors import InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.jit import kernel
from simulator.sparsity.formats import CoordinatePayload, Scaled, Uncompressed
from simulator.sparsity.numbers import NUMBERS, Number, resolve
from simulator.sparsity.patterns import Hss, Part, Terms, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView

Ints = NDArray[np.int64]
_ROWS = 256


class Decomposed:
    """A lane per block, as many cycles as the block keeps weights, term after term."""

    def code(self, machine: Stationary, layer: Layer) -> Code:
        """See :class:`simulator.datapath.code.Datapath`."""
        pattern = parse(layer.pattern) if layer.pattern else None
        if not isinstance(pattern, Terms):
            ((kept, length),) = member(machine, layer).ranks
            return _laid(machine, kept, length, _plain(machine), None)
        layer.check_pattern()
        terms = [_term(machine, layer, part) for part in pattern.parts]
        _check_cut(layer, pattern, machine)
        _check_codes(layer, pattern, machine)
        if len(terms) == 1:
            return terms[0]
        widest = max(terms, key=lambda term: term.window)
        return Code(
            " + ".join(term.pattern for term in terms),
            widest.window,
            widest.slots,
            widest.metadata_bits,
            0,
            max(term.choices for term in terms),
            padded=True,
            inputs=widest.inputs,
            delivered=widest.delivered,
            widths=widest.widths,
            terms=tuple(terms),
        )

    def outputs(self, code: Code, weights: NDArray[Any], inputs: NDArray[Any]) -> Ints:
        """See :class:`simulator.datapath.code.Datapath`."""
        terms = code.terms or (code,)
        weights, inputs = weights.astype(np.int64), inputs.astype(np.int64)  # scales multiply what fits
        out = np.zeros((len(weights), inputs.shape[1]), dtype=np.int64)
        parts = zip(terms, np.split(weights, len(terms), axis=1), np.split(inputs, len(terms)), strict=True)
        for term, stationary, streamed in parts:
            _add(term, stationary, streamed, out)
        return out


def _add(code: Code, weights: Ints, inputs: Ints, out: Ints) -> None:
    """Add the products of a term."""
    assert code.rate is not None
    kept, length = code.cycles, code.window // code.rate
    assert code.inputs is not None
    forms = [form for form in (code.operand, code.inputs[1]) if isinstance(form, Scaled)]
    vector = forms[0].vector if forms else length
    pad = -weights.shape[1] % lcm(code.window, vector)
    weights, inputs = np.pad(weights, ((0, 0), (0, pad))), np.pad(inputs, ((0, pad), (0, 0)))
    scales, shown = np.ones((len(weights), 1), np.int64), np.ones((1, out.shape[1]), np.int64)
    if isinstance(code.operand, Scaled):
        weights, scales = code.operand.factors(weights)
    if isinstance(code.inputs[1], Scaled):
        codes, found = code.inputs[1].factors(np.ascontiguousarray(inputs.T))
        inputs, shown = codes.T, found.T
    vectors = weights.shape[1] // vector
    encoded = CoordinatePayload((length,), (kept,)).encode(weights)
    values = encoded.data.reshape(len(weights), -1, kept)
    places = np.broadcast_to(np.arange(kept, dtype=np.int64), values.shape)
    if encoded.metadata:
        places = encoded.metadata["offset0"].entries.astype(np.int64).reshape(values.shape)
    _multiply(
        values,
        np.ascontiguousarray(places),
        (length, vector // length),
        np.ascontiguousarray(inputs),
        np.ascontiguousarray(np.broadcast_to(scales, (len(weights), vectors))),
        np.ascontiguousarray(np.broadcast_to(shown, (vectors, out.shape[1]))),
        out,
    )


def _plain(machine: Stationary) -> tuple[Number, Number]:
    """Integers of the machine's widths, for layers that declare no number formats; without scales."""
    widths = machine.value_bits.weights.value, machine.value_bits.inputs.value
    found = [NUMBERS.get(f"int{bits}") for bits in widths]
    if found[0] is None or found[1] is None:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind decomposed needs value_bits of 8 b or 4 b, not {widths}"
        )
    return found[0], found[1]


def _term(machine: Stationary, layer: Layer, part: Part) -> Code:
    """The layout of a term."""
    own, length = part.rule.ranks[0][1], _length(machine)
    kept = part.rule.ranks[0][0] * (length // own)
    members = [each.ranks[0] for each in parse(machine.datapath.weights).choices() if isinstance(each, Hss)]
    if length % own or (kept, length) not in members:
        raise InputError(
            f"layer {layer.name!r}: machine {machine.name!r} does not support weights {part.text}; it supports "
            f"{machine.datapath.weights}, and rules whose length divides {length}"
        )
    return _laid(
        machine, kept, length, (resolve(part.weights), resolve(part.inputs)), machine.datapath.scales
    )


def _length(machine: Stationary) -> int:
    """Inputs a lane is shown."""
    members = parse(machine.datapath.weights).choices()
    lengths = {each.ranks[0][1] for each in members if isinstance(each, Hss) and len(each.ranks) == 1}
    if len(lengths) != 1 or len(members) != sum(
        isinstance(each, Hss) and len(each.ranks) == 1 for each in members
    ):
        raise InputError(
            f"machine {machine.name!r}: datapath.kind decomposed needs weights N:M with one M, not {machine.datapath.weights}"
        )
    return lengths.pop()


def _laid(
    machine: Stationary, kept: int, length: int, numbers: tuple[Number, Number], scaling: object
) -> Code:
    """The layout of weights `kept` of `length` in a number format; inputs in another."""
    rates, scales = machine.datapath.rates, machine.datapath.scales
    if rates is None or scales is None or scales.vector.value % length:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind decomposed needs datapath.rates, and datapath.scales whose vector is a "
            f"whole number of blocks of {length}"
        )
    for number in numbers:
        if number.name not in rates.numbers:
            raise InputError(
                f"machine {machine.name!r}: has no rate for {number.name}; it has {', '.join(rates.numbers)}"
            )
    rate, form = (
        min(rates.numbers[number.name] for number in numbers),
        Scaled(scales.vector.value, scales.width.value),
    )
    scaled = [scaling is not None and number.integral for number in numbers]
    window = rate * length
    more = -(-window // form.vector) * form.scale_bits
    places = 0 if kept == length else min(kept * (length - 1).bit_length(), length)
    weights, inputs = numbers
    told = weights.name if weights == inputs else f"{weights.name}*{inputs.name}"
    return Code(
        f"{kept}:{length} {told}" if scaling is not None else f"{kept}:{length}",
        window,
        rate * kept,
        rate * places + (more if scaled[0] else 0),
        0,
        1 if kept == length else length,
        padded=True,
        operand=form if scaled[0] else None,
        inputs=("scaled", form) if scaled[1] else ("uncompressed", Uncompressed()),
        cycles=kept,
        delivered=window * inputs.bits + (more if scaled[1] else 0),
        widths=(weights.bits, inputs.bits),
        rate=rate,
    )


def _check_cut(layer: Layer, pattern: Terms, machine: Stationary) -> None:
    """Several terms are those of a matrix product, have scales, and cut no vector."""
    depth, scales = GemmView(layer).K // len(pattern.parts), machine.datapath.scales
    integral = [resolve(n).integral for part in pattern.parts for n in (part.weights, part.inputs)]
    if len(pattern.parts) > 1 and layer.einsum.operation != "gemm":
        raise InputError(
            f"layer {layer.name!r}: {pattern.text}: terms are those of a matrix product, not of a convolution"
        )
    if len(pattern.parts) > 1 and not all(integral):
        raise InputError(f"layer {layer.name!r}: {pattern.text}: terms that add up must all be quantised")
    if any(integral) and scales is not None and depth % scales.vector.value:
        raise InputError(
            f"layer {layer.name!r}: K = {depth} of a term is not a multiple of {scales.vector.value}, the coordinates that share "
            f"a scale on {machine.name!r}"
        )


def _check_codes(layer: Layer, pattern: Terms, machine: Stationary) -> None:
    """Recorded integers are codes of the declared formats times a scale per vector."""
    scales = machine.datapath.scales
    if scales is None:
        return
    form, view = Scaled(scales.vector.value, scales.width.value), GemmView(layer)
    depth = view.K // len(pattern.parts)
    for tensor, name in ((layer.weights, "weights"), (layer.inputs, "inputs")):
        if not tensor.integral:
            continue
        rows = view.M if tensor is layer.weights else view.N
        for start in range(0, rows * view.groups, _ROWS):
            group, first = divmod(start, rows) if view.groups == 1 else (start // rows, start % rows)
            last = min(rows, first + _ROWS)
            if tensor is layer.weights:
                some = view.weights(group, first, last)
            else:
                some = view.inputs(group, 0, view.K, first, last).T
            for i, part in enumerate(pattern.parts):
                number = resolve(part.weights if tensor is layer.weights else part.inputs)
                codes, _ = form.factors(np.ascontiguousarray(some[:, i * depth : (i + 1) * depth]))
                if number.integral and not (held := number.holds(codes)).all():
                    row, k = np.argwhere(~held)[0]
                    raise InputError(
                        f"layer {layer.name!r}: {name} of term {part.text}: row {first + row}, coordinates from "
                        f"{k // form.vector * form.vector} of the term are not codes of {number.name} times one scale"
                    )


@kernel
def _multiply(
    values: Ints, places: Ints, sizes: tuple[int, int], streamed: Ints, scales: Ints, shown: Ints, out: Ints
) -> None:
    """Every vector: the lanes' products of codes, then both scales."""
    length, blocks = sizes
    for m in range(values.shape[0]):
        for v in range(scales.shape[1]):
            for n in range(out.shape[1]):
                dot = 0
                for b in range(v * blocks, (v + 1) * blocks):
                    for j in range(values.shape[2]):
                        dot += values[m, b, j] * streamed[b * length + places[m, b, j], n]
                out[m, n] += dot * scales[m, v] * shown[v, n]

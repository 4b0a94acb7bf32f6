"""A decomposed layer as tensors of a file, and back.

Of the weights ``X.weight``, M x K, term i (0 outliers, 1 inliers; of one term 0), blocks of L coordinates with N values each:

    X.term<i>.values    M x ...     K N / L values: fp16; fp8; int8; or 4 b codes, two to a byte, the first in the low half
    X.term<i>.places    M x ...     bits, 8 to a byte, per block: N coordinates of ceil(log2 L) bits, or L bits that say which
    X.term<i>.scales    M x K / V   integers of 1 to 255, of quantised terms
    X.term<i>.shifts    M           exponents of 2
    X.coarse            M           what code 1 at scale 1 and shift 0 is worth, float64

Terms with N = L have no places. fp4 codes are the bits of E2M1, int4 codes two's complement. Blocks with fewer non-zeros than N
store zeros. The file's metadata has the configuration's name (``sdq``) and the coordinates of a vector (``vector``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.checkpoint.reading import Checkpoint
from simulator.sparsity.numbers import Number, resolve
from simulator.transform import sdq
from simulator.transform.sdq import Config, Decomposition, Term

Shapes = dict[str, tuple[str, tuple[int, ...]]]
_KINDS = {"fp16": "F16", "fp8": "F8_E4M3", "int8": "I8", "fp4": "U8", "int4": "U8"}


def shapes(base: str, config: Config, rows: int, depth: int) -> Shapes:
    """Tensors of a layer: type and shape by name."""
    found: Shapes = {}
    for i, term in enumerate(config.terms):
        number, blocks = resolve(term.weights), depth // term.length
        values = blocks * term.kept
        packed = -(-values // 2) if number.bits == 4 else values
        found[f"{base}.term{i}.values"] = _KINDS[number.name], (rows, packed)
        if term.place_bits:
            found[f"{base}.term{i}.places"] = "U8", (rows, -(-blocks * term.place_bits // 8))
        if number.integral:
            found[f"{base}.term{i}.scales"] = "U8", (rows, depth // config.vector)
            found[f"{base}.term{i}.shifts"] = "U8", (rows,)
    if any(resolve(term.weights).integral for term in config.terms):
        found[f"{base}.coarse"] = "F64", (rows,)
    return found


def pack(base: str, made: Decomposition) -> dict[str, NDArray[Any]]:
    """Rows of a layer's tensors."""
    found: dict[str, NDArray[Any]] = {}
    for i, term in enumerate(made.config.terms):
        number = resolve(term.weights)
        codes: NDArray[Any] = made.weights[i].codes if made.weights else made.parts[i]
        values, chosen = _chosen(codes, term)
        found[f"{base}.term{i}.values"] = _values(values, number)
        if term.place_bits:
            found[f"{base}.term{i}.places"] = _places(chosen, term)
        if made.weights:
            found[f"{base}.term{i}.scales"] = made.weights[i].scales.astype(np.uint8)
            found[f"{base}.term{i}.shifts"] = made.weights[i].shifts.astype(np.uint8)
            found[f"{base}.coarse"] = made.weights[i].coarse
    return found


def _chosen(codes: NDArray[Any], term: Term) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(Values, their places in the block, ascending) shape (rows, blocks, N): the non-zeros, filled up with zeros."""
    blocks = codes.reshape(len(codes), -1, term.length)
    order = np.argsort(blocks == 0, axis=2, kind="stable")[:, :, : term.kept]
    chosen = np.sort(order, axis=2)
    return np.take_along_axis(blocks, chosen, axis=2), chosen


def _values(values: NDArray[Any], number: Number) -> NDArray[Any]:
    flat = values.reshape(len(values), -1)
    if number.name in ("fp16", "int8"):
        return flat.astype(sdq.dtype(number))
    if number.name == "fp8":
        return (flat * number.unit).astype(sdq.dtype(number))
    if number.name == "fp4":
        bits = (flat * number.unit).astype(sdq.dtype(number)).view(np.uint8)
    else:
        bits = (flat & 15).astype(np.uint8)
    if bits.shape[1] % 2:
        bits = np.pad(bits, ((0, 0), (0, 1)))
    packed: NDArray[np.uint8] = (bits[:, ::2] | bits[:, 1::2] << 4).astype(np.uint8)
    return packed


def _places(chosen: NDArray[np.int64], term: Term) -> NDArray[np.uint8]:
    rows, blocks, kept = chosen.shape
    width = (term.length - 1).bit_length()
    if kept * width <= term.length:
        bits = (chosen[..., None] >> np.arange(width) & 1).astype(np.int64)
    else:
        bits = np.zeros((rows, blocks, term.length), dtype=np.int64)
        np.put_along_axis(bits, chosen, 1, axis=2)
    return np.packbits(bits.reshape(rows, -1).astype(np.uint8), axis=1, bitorder="little")


@dataclass(frozen=True)
class StoredLayer:
    """A decomposed layer in a file, read by rows.

    Attributes
    ----------
    file : Checkpoint
    base : str
        Name of the weights without ``.weight``.
    config : Config
    rows, depth : int
        M, K.
    """

    file: Checkpoint
    base: str
    config: Config
    rows: int
    depth: int

    def codes(self, term: int, start: int, stop: int) -> NDArray[Any]:
        """Codes of a term (values, if they are fp16), shape (stop - start, K)."""
        rule = self.config.terms[term]
        number, count = resolve(rule.weights), stop - start
        values = self.file.rows(f"{self.base}.term{term}.values", start, stop)
        values = _codes(values, number)[:, : self.depth // rule.length * rule.kept]
        shape = count, self.depth // rule.length, rule.kept
        if not rule.place_bits:
            return values.reshape(count, self.depth)
        packed = self.file.rows(f"{self.base}.term{term}.places", start, stop)
        blocks = np.zeros((count, self.depth // rule.length, rule.length), dtype=values.dtype)
        np.put_along_axis(blocks, _coordinates(packed, rule, shape), values.reshape(shape), axis=2)
        return blocks.reshape(count, self.depth)

    def integers(self, start: int, stop: int) -> NDArray[np.int32]:
        """Integers of all terms side by side, int32, shape (stop - start, terms K)."""
        found = []
        for i in range(len(self.config.terms)):
            scales, shifts = (
                self.file.rows(f"{self.base}.term{i}.{part}", start, stop).astype(np.int64)
                for part in ("scales", "shifts")
            )
            wide = np.repeat(scales << shifts[:, None], self.config.vector, axis=1)
            found.append((wide * self.codes(i, start, stop)).astype(np.int32))
        return np.concatenate(found, axis=1)

    def values(self, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """What the terms stand for together, float64, shape (stop - start, K)."""
        end = self.rows if stop is None else stop
        if not resolve(self.config.terms[0].weights).integral:
            return self.codes(0, start, end).astype(np.float64)
        parts = np.split(self.integers(start, end), len(self.config.terms), axis=1)
        coarse = self.file.rows(f"{self.base}.coarse", start, end)
        total: NDArray[np.float64] = np.sum(parts, axis=0, dtype=np.float64) * coarse[:, None]
        return total


def _codes(values: NDArray[Any], number: Number) -> NDArray[Any]:
    if number.name in ("fp16", "int8"):
        return values
    if number.name == "fp8":
        return (values.astype(np.float64) / number.unit).astype(np.int64)
    nibbles = np.stack([values & 15, values >> 4], axis=2).reshape(len(values), -1)
    if number.name == "fp4":
        return (nibbles.view(sdq.dtype(number)).astype(np.float64) / number.unit).astype(np.int64)
    return (nibbles.astype(np.int64) ^ 8) - 8


def _coordinates(packed: NDArray[np.uint8], term: Term, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    rows, blocks, kept = shape
    width = (term.length - 1).bit_length()
    bits = np.unpackbits(packed, axis=1, bitorder="little", count=blocks * term.place_bits)
    if kept * width <= term.length:
        each = bits.reshape(rows, blocks, kept, width).astype(np.int64)
        return each @ (1 << np.arange(width))
    return np.argsort(bits.reshape(rows, blocks, term.length) == 0, axis=2, kind="stable")[:, :, :kept]


def layers(file: Checkpoint) -> Iterator[StoredLayer]:
    """The decomposed layers of a file, in its order.

    Raises
    ------
    InputError
        The file holds none: its metadata names no configuration.
    """
    if "sdq" not in file.metadata:
        raise InputError(f"{file.path}: holds no decomposed layers: its metadata has no 'sdq'")
    config = sdq.parse(file.metadata["sdq"])
    term, number = config.terms[0], resolve(config.terms[0].weights)
    for name, stored in file.tensors.items():
        if name.endswith(".term0.values"):
            base = name.removesuffix(".term0.values")
            if number.integral:
                depth = file.find(f"{base}.term0.scales").shape[1] * config.vector
            else:
                depth = stored.shape[1] // term.kept * term.length
            yield StoredLayer(file, base, config, stored.shape[0], depth)

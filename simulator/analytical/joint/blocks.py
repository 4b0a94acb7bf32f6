"""What becomes of every multiplication, a block of steps at a time.

An operand kept from a multiplication, by rules or as its memory goes without, removes it (skipped) or gates it; else zeros decide::

    all non-zero: computed      none stored: no multiplication      compute skipping, one not stored: skipped
    compute gating: gated       else computed, a product of zero
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.rules import Removal
from simulator.analytical.joint.space import Space, Tiles
from simulator.analytical.joint.transfers import READ

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
COMPUTED, GATE, SKIP, NONE, OUTSIDE = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Elements:
    """Which element of a tensor each multiplication uses, and what its innermost memory holds.

    Attributes
    ----------
    outer : ndarray of int64, shape (outer steps,)
    within : ndarray of int64, shape (inner steps, instances)
        Their sum is the element.
    mask : ndarray of uint8
    stored : bool
        Whether the innermost memory stores zeros.
    state : ndarray of uint8, shape (steps, instances) of the innermost memory, or empty
        States of the transfers to it; empty: it has all.
    tiles : Tiles
        Of the innermost memory.
    rules : tuple of Removal
        Those that decide about single multiplications.
    """

    outer: Ints
    within: Ints
    mask: Bytes
    stored: bool
    state: Bytes
    tiles: Tiles
    rules: tuple[Removal, ...]


@dataclass(frozen=True)
class Block:
    """A block of steps.

    Attributes
    ----------
    start : int
        First step.
    at : dict of str to ndarray of int64, shape (steps, instances)
        Element of every tensor.
    filled : dict of str to ndarray of bool
        Whether it is non-zero.
    exists : ndarray of bool, same shape
    codes : dict of str to ndarray of uint8
        States of transfers to compute, of the output's updates if all products were computed; 0 where nothing exists.
    fate : ndarray of uint8
        COMPUTED, GATE, SKIP, NONE or OUTSIDE.
    """

    start: int
    at: dict[str, Ints]
    filled: dict[str, NDArray[np.bool_]]
    exists: NDArray[np.bool_]
    codes: dict[str, Bytes]
    fate: Bytes


def blocks(space: Space, elements: dict[str, Elements], imperfect: bool) -> Iterator[Block]:
    """All multiplications, in order; the output is the last of `elements`."""
    inner, instances = space.bases.inner.shape[0], space.bases.inst.shape[0]
    base = space.bases.inner[:, None, :] + space.bases.inst[None, :, :] if imperfect else None
    features = space.point.features.compute
    for o in range(space.bases.outer.shape[0]):
        exists = np.ones((inner, instances), np.bool_)
        if base is not None:
            exists = (base + space.bases.outer[o] < space.bases.size).all(axis=2)
        at = {name: np.where(exists, e.within + e.outer[o], 0) for name, e in elements.items()}
        filled = {name: e.mask[at[name]] != 0 for name, e in elements.items()}
        start = o * inner
        codes = {name: _codes(e, start, filled, exists) for name, e in elements.items()}
        operands = list(elements)[:-1]
        stored = {name: elements[name].stored for name in operands}
        fate = _fate(operands, codes, filled, stored, "gating" in features, "skipping" in features)
        fate[~exists] = OUTSIDE
        yield Block(start, at, filled, exists, codes, fate)


def _codes(e: Elements, start: int, filled: dict[str, NDArray[np.bool_]], exists: NDArray[np.bool_]) -> Bytes:
    """States of the transfers of a tensor to compute."""
    at_memory = np.zeros(exists.shape, np.uint8)
    at_compute = np.zeros(exists.shape, np.uint8)
    for rule in e.rules:
        removed = np.zeros(exists.shape, np.bool_)
        for leader in rule.leaders:
            removed |= ~filled[leader]
        what = removed * np.uint8(rule.kind - 1)
        at_compute = np.maximum(at_compute, what)
        if not rule.passing:
            at_memory = np.maximum(at_memory, what)
    codes: Bytes = READ + at_memory + 4 * at_compute
    if e.state.size:
        steps = (start + np.arange(exists.shape[0])) // e.tiles.step
        whose = np.arange(exists.shape[1]) // e.tiles.instance
        absent = e.state[steps[:, None], whose[None, :]] >> 2
        codes = np.where(absent > 0, 4 * absent, codes)
    codes[~exists] = 0
    return codes.astype(np.uint8)


def _fate(
    operands: list[str],
    codes: dict[str, Bytes],
    filled: dict[str, NDArray[np.bool_]],
    stored: dict[str, bool],
    gating: bool,
    skipping: bool,
) -> Bytes:
    shape = codes[operands[0]].shape
    worst, zeros, absent = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for name in operands:
        worst = np.maximum(worst, codes[name] >> 2)
        zeros += ~filled[name]
        absent += np.zeros(shape, np.bool_) if stored[name] else ~filled[name]
    fate = np.full(shape, GATE if gating else COMPUTED, np.uint8)
    if skipping:
        fate[absent > 0] = SKIP
    fate[absent == len(operands)] = NONE
    fate[zeros == 0] = COMPUTED
    fate[worst == 1] = GATE
    fate[worst == 2] = NONE
    return fate

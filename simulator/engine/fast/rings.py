"""Rings of channels that hold any number of tokens: they grow where they are full, into words that nobody uses yet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import apart, inlined

Ints = NDArray[np.int64]


@inlined
def moved(m: Ints, ring: int, size: int, count: int) -> int:
    """A ring of twice the size with the last of `count` entries in it."""
    new: int = m[at.HEAP]
    m[at.HEAP] = new + 2 * size
    for word in range(new, new + 2 * size):
        m[word] = 0
    for entry in range(max(0, count - size), count):
        m[new + (entry & (2 * size - 1))] = m[ring + (entry & (size - 1))]
    return new


@apart
def widen(m: Ints, channel: int) -> bool:
    """Double both rings of a channel, after which nothing is leapt over; False, and nothing is changed, where there is no room."""
    tokens, credits = m[channel + at.TOKENS_MASK] + 1, m[channel + at.CREDITS_MASK] + 1
    if m[at.HEAP] + 2 * (tokens + credits) > m[at.HEAP_END]:
        return False
    m[at.LEAPING] = 0
    m[channel + at.TOKENS] = moved(m, m[channel + at.TOKENS], tokens, m[channel + at.PUT])
    m[channel + at.CREDITS] = moved(m, m[channel + at.CREDITS], credits, m[channel + at.RELEASED])
    m[channel + at.TOKENS_MASK], m[channel + at.CREDITS_MASK] = 2 * tokens - 1, 2 * credits - 1
    return True

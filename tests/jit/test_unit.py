"""What becomes machine code without numba's analyses does what Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import jit
from simulator.jit import apart, inlined, kernel, leading_zeros, pointer, popcount64, spliced, stepping
from simulator.jit.body import TranslationError
from simulator.jit.unit import Source, symbol, translate
from simulator.record import states as at

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
SHIFT, TABLE = 3, (5, 7)

pytestmark = pytest.mark.skipif(not jit.ENABLED, reason="nothing is compiled")


@inlined
def ordered(a: int, b: int) -> tuple[int, int]:
    """Two values, the lesser first."""
    return (a, b) if a < b else (b, a)


@kernel
def within(value: int, low: int, high: int) -> bool:
    """A chain of comparisons."""
    return low <= value < high


@spliced
def spread(both: tuple[int, int]) -> int:
    """A tuple as a parameter."""
    low, high = both
    return high - low + both[0] * 0


def arithmetic(m: Ints, v: Vector, a: int, b: int) -> int:
    m[0], m[1], m[2] = a + b, a - b, a * b
    m[3], m[4] = a // b, a % b
    m[5], m[6], m[7] = a & b, a | b, a ^ b
    m[8], m[9] = a << SHIFT, a >> 2
    m[10], m[11] = -a, ~b
    m[12], m[13], m[14] = min(a, b, 3), max(a, b), abs(b)
    m[15], m[16] = a // 8, a % 8
    m[17], m[18] = 4 // b, (a * a) % 7
    return len(TABLE) + at.BUSY


def truths(m: Ints, v: Vector, a: int, b: int) -> int:
    m[0], m[1], m[2] = a < b, a == b or b > 4, not a
    m[3] = a and b
    m[4] = a or b
    m[5] = a and b > 2 and m[20]
    m[6], m[7] = a in (1, b, 9), a not in (0, 2)
    m[8] = within(a, -3, b)
    m[9] = 1 if a else 2 if b else 3
    m[10] = bool(a) and not (b < 0 or a > 5)
    if not (a > 0 and m[21] > 0) or (b and a == b):
        m[11] = 1
    return a != b


def loops(m: Ints, v: Vector, a: int, b: int) -> int:
    total = 0
    for i in range(a, b):
        if i == 7:
            continue
        if i > 11:
            break
        total += i * v[i & 3]
    else:
        total += 1000
    for i in range(b, a, -2):
        total ^= i
    for word in (0, 2, at.BUSY + 4):
        if word == a:
            continue
        m[word] += word + 1
    while b > 0:
        b -= 3
        if b == a:
            break
        total += 1
    else:
        total -= 5
    for _ in range(3):
        m[5] += total
        total //= 2
    return total


def tuples(m: Ints, v: Vector, a: int, b: int) -> int:
    both = ordered(a, b)
    low, high = both
    low, high = high, low
    pair, other = ordered(high, low + 1), a == b
    m[0], m[1], m[2] = low, high, pair[1]
    m[m[20] & 3] += spread(both)
    v[1] = v[0] + both[0]
    m[6] = m[7] = v[1]
    first: int = spread((a, a + 2))
    return first + other


def bits(m: Ints, v: Vector, a: int, b: int) -> int:
    m[0] = int(popcount64(np.uint64(a)))
    return leading_zeros(b)


PLAIN: tuple[Callable[..., Any], ...] = (arithmetic, truths, loops, tuples)
if jit.ENABLED:
    arithmetic_, truths_, loops_, tuples_ = apart(arithmetic), apart(truths), apart(loops), apart(tuples)
    bits_ = apart(bits)

    @stepping
    def drive(which: int, words: Ints, vector: Vector, a: int, b: int) -> int:
        """Call one of the functions by its address."""
        m, v = pointer(words), pointer(vector)
        if which == 0:
            return arithmetic_(m, v, a, b)
        if which == 1:
            return truths_(m, v, a, b)
        if which == 2:
            return loops_(m, v, a, b)
        if which == 3:
            return tuples_(m, v, a, b)
        return bits_(m, v, a, b)


@pytest.mark.parametrize("which", range(len(PLAIN)))
def test_as_python_does(which: int) -> None:
    rng = np.random.default_rng(which)
    for a, b in [
        (0, 1),
        (1, -1),
        (-7, 2),
        (7, -2),
        (-8, -3),
        (5, 5),
        (2, 16),
        *rng.integers(-20, 20, (60, 2)).tolist(),
    ]:
        if b == 0 and which == 0:
            continue
        words, vector = rng.integers(-9, 9, 24), rng.integers(-5, 5, 4).astype(np.int32)
        own, values = words.copy(), vector.copy()
        result = drive(which, words, vector, a, b)
        expected = PLAIN[which](own, values, a, b)
        assert result == int(expected), (a, b)
        assert words.tolist() == own.tolist(), (a, b)
        assert vector.tolist() == values.tolist(), (a, b)


def test_bits_are_counted() -> None:
    words, vector = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int32)
    for a, b in [(0, 0), (1, 1), (-1, 1 << 62), (0b1011, 255)]:
        assert drive(4, words, vector, a, b) == 64 - b.bit_length()
        assert words[0] == (a % 2**64).bit_count()


def wrapped(m: Ints, a: int) -> int:
    return a * a + a


def listed(m: Ints, a: int) -> int:
    found = [a]
    return found[0]


def named(m: Ints, a: int) -> int:
    return max(a, default=1)


def unknown(m: Ints, a: int) -> int:
    return np.sum(m)


def stepped(m: Ints, a: int) -> int:
    for i in range(0, 8, a):
        m[0] += i
    return a


def moved(m: Ints, a: int) -> int:
    m = m
    return a


def many(m: Ints, a: int) -> tuple[int, int]:
    return a


def floating(m: Ints, a: float) -> int:
    return a


@pytest.mark.parametrize(
    ("function", "line", "why"),
    [
        (listed, "[a]", "no such expression"),
        (named, "max(a, default=1)", "arguments by name"),
        (unknown, "np.sum(m)", "no function that can be called"),
        (stepped, "for i in range(0, 8, a)", "step"),
        (moved, "m", "no such expression"),
        (many, "return a", "2 values are declared"),
        (floating, "type float", "none of Ints, Vector"),
    ],
)
def test_what_is_not_in_the_language_is_named(function: Callable[..., Any], line: str, why: str) -> None:
    with pytest.raises(TranslationError) as error:
        translate([function], lambda _: None, lambda _: None)
    assert line in str(error.value)
    assert why in str(error.value)


def test_a_callee_is_in_the_module_once() -> None:
    def source(called: Any) -> Source | None:
        return Source(called, True) if called in PLAIN or called is wrapped else None

    text = translate([wrapped, caller], source, lambda _: None)
    assert text.count(f'@"{symbol(wrapped)}"(ptr %p.m, i64 %p.a) nounwind {{') == 1
    assert text.count(f'call i64 @"{symbol(wrapped)}"') == 2


def caller(m: Ints, a: int) -> int:
    return wrapped(m, a) + wrapped(m, 2)

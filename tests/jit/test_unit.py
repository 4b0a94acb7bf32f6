"""What becomes machine code without numba's analyses does what Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator import jit
from simulator.jit import apart, inlined, kernel, leading_zeros, popcount64, spliced
from simulator.jit.body import TranslationError
from simulator.jit.unit import Source, symbol, translate
from simulator.record import states as at

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]
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
COMPILED = [apart(function) for function in (*PLAIN, bits)]


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
        result = COMPILED[which](words, vector, a, b)
        expected = PLAIN[which](own, values, a, b)
        assert result == int(expected), (a, b)
        assert words.tolist() == own.tolist(), (a, b)
        assert vector.tolist() == values.tolist(), (a, b)


def test_bits_are_counted() -> None:
    words, vector = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int32)
    for a, b in [(0, 0), (1, 1), (-1, 1 << 62), (0b1011, 255)]:
        assert COMPILED[4](words, vector, a, b) == 64 - b.bit_length()
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


def shared(m: Ints, v: Vector, f: Flags, a: int) -> int:
    m[0], v[0], f[0] = a, a, a
    return m[1] + v[1] + f[1]


def pair(a: int, b: int) -> tuple[int, int]:
    return b, a


def test_arrays_are_passed_where_they_are() -> None:
    call = apart(shared)
    words, vector, flags = np.array([0, 1 << 40]), np.array([0, -5], dtype=np.int32), np.zeros(2, dtype=bool)
    flags[1] = True
    assert call(words, vector, flags, np.int64(1)) == (1 << 40) - 4
    assert (words[0], vector[0], flags[0]) == (1, 1, True)
    unsigned = words.view(np.uint64), vector.view(np.uint32), flags.view(np.uint8)
    assert call(*unsigned, 2) == (1 << 40) - 4
    assert words[0] == vector[0] == 2


def test_what_is_only_read_may_be_protected() -> None:
    words = np.array([3, 4])
    words.setflags(write=False)
    assert apart(summed)(words, 2) == 7
    assert apart(summed)(np.zeros(0, dtype=np.int64), 0) == 0


def summed(m: Ints, count: int) -> int:
    total = 0
    for i in range(count):
        total += m[i]
    return total


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            (np.zeros(4, dtype=np.int32), 2),
            "summed: m: an array of Ints in one piece is due, this one is int32",
        ),
        ((np.zeros(4), 2), "float64"),
        ((np.zeros(8, dtype=np.int64)[::2], 2), "not contiguous"),
        ((np.zeros((2, 2), dtype=np.int64).T, 2), "not contiguous"),
        ((np.zeros(4, dtype=np.int64), 2.5), "float"),
    ],
)
def test_other_arguments_are_refused(arguments: tuple[Any, ...], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        apart(summed)(*arguments)


def test_the_number_of_arguments_is_checked() -> None:
    with pytest.raises(TypeError, match="summed: 2 arguments are due, not 1"):
        apart(summed)(np.zeros(4, dtype=np.int64))


def test_tuples_stay_between_compiled_functions() -> None:
    with pytest.raises(TypeError, match="pair: tuples are passed between compiled functions only"):
        apart(pair)(1, 2)

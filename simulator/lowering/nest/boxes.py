"""Boxes in numba: tiles, and the points that are new in one after another.

    tile(step, instance): per axis [sum coef lo_r, sum coef (hi_r - 1) + 1),   empty when any rank of the nest has none left

Points of a tensor are its flattened indices; a memory that holds a box addresses it modulo the box's most elements per axis,
which is unique within a tile.
"""

from __future__ import annotations

from typing import Any

from simulator.jit import inlined, kernel


@inlined
def decode(walk: Any, step: Any, base: Any) -> None:
    """What the temporal loops add to every rank at `step`, into `base`."""
    base[:] = 0
    rest = step
    for j in range(len(walk.bounds) - 1, -1, -1):
        digit = rest % walk.bounds[j]
        rest //= walk.bounds[j]
        base[walk.ranks[j]] += digit * walk.strides[j]


@inlined
def advance(walk: Any, digits: Any, base: Any) -> None:
    """Go to the next step: count the digits of the temporal loops and what they add to every rank."""
    for j in range(len(walk.bounds) - 1, -1, -1):
        digits[j] += 1
        base[walk.ranks[j]] += walk.strides[j]
        if digits[j] < walk.bounds[j]:
            return
        base[walk.ranks[j]] -= walk.bounds[j] * walk.strides[j]
        digits[j] = 0


@inlined
def tile(walk: Any, shape: Any, base: Any, instance: Any, lo: Any, hi: Any) -> bool:
    """The box of a tensor at an instance; all zeros when it is empty."""
    axes = len(shape.shape)
    for r in range(len(walk.sizes)):
        if base[r] + walk.bases[instance, r] >= walk.sizes[r]:
            lo[:] = 0
            hi[:] = 0
            return False
    for a in range(axes):
        first, last = 0, 0
        for j in range(shape.starts[a], shape.starts[a + 1]):
            r = shape.ranks[j]
            start = base[r] + walk.bases[instance, r]
            first += shape.coefs[j] * start
            last += shape.coefs[j] * (min(start + walk.extents[r], walk.sizes[r]) - 1)
        lo[a] = first
        hi[a] = last + 1
    return True


@inlined
def same(lo: Any, hi: Any, other_lo: Any, other_hi: Any) -> bool:
    """Whether two boxes are equal."""
    for a in range(len(lo)):  # noqa: SIM110 (all() of a generator is not compiled)
        if lo[a] != other_lo[a] or hi[a] != other_hi[a]:
            return False
    return True


@inlined
def _single(lo: Any, hi: Any) -> bool:
    """Whether a box is one point."""
    for a in range(len(lo)):  # noqa: SIM110 (all() of a generator is not compiled)
        if hi[a] != lo[a] + 1:
            return False
    return True


@inlined
def _only(strides: Any, at: Any, held_lo: Any, held_hi: Any, hull: Any, points: Any, places: Any) -> int:
    """As :func:`beyond`, of one point."""
    point, place, inside = 0, 0, True
    for a in range(len(at)):
        point += at[a] * strides[a]
        place = place * hull[a] + at[a] % hull[a]
        inside = inside and held_lo[a] <= at[a] < held_hi[a]
    if inside:
        return 0
    points[0], places[0] = point, place
    return 1


@kernel
def beyond(
    strides: Any, lo: Any, hi: Any, held_lo: Any, held_hi: Any, hull: Any, points: Any, places: Any
) -> int:
    """Points of the box lo..hi that are not in held_lo..held_hi.

    Parameters
    ----------
    strides : ndarray of int64, shape (A,)
    lo, hi, held_lo, held_hi : ndarray of int64, shape (A,)
    hull : ndarray of int64, shape (A,)
        Elements per axis of the memory addressed by `places`.
    points, places : ndarray of int64
        Filled with flattened indices, in the order of the tensor's axes, and with addresses modulo `hull`.

    Returns
    -------
    int
        How many.
    """
    axes = len(lo)
    for a in range(axes):
        if hi[a] <= lo[a]:
            return 0
    if _single(lo, hi):
        return _only(strides, lo, held_lo, held_hi, hull, points, places)
    at = lo.copy()
    count, last = 0, axes - 1
    while True:
        point, place, inside = 0, 0, True
        for a in range(last):
            point += at[a] * strides[a]
            place = (place + at[a] % hull[a]) * hull[a + 1]
            inside = inside and held_lo[a] <= at[a] < held_hi[a]
        for x in range(lo[last], hi[last]):
            if not (inside and held_lo[last] <= x < held_hi[last]):
                points[count] = point + x * strides[last]
                places[count] = place + x % hull[last]
                count += 1
        a = last - 1
        while a >= 0:
            at[a] += 1
            if at[a] < hi[a]:
                break
            at[a] = lo[a]
            a -= 1
        if a < 0:
            return count


@inlined
def volume_beyond(lo: Any, hi: Any, held_lo: Any, held_hi: Any) -> int:
    """How many points :func:`beyond` finds."""
    whole, common = 1, 1
    for a in range(len(lo)):
        whole *= max(0, hi[a] - lo[a])
        common *= max(0, min(hi[a], held_hi[a]) - max(lo[a], held_lo[a]))
    return whole - common


@kernel
def occupied(strides: Any, sums: Any, lo: Any, hi: Any, most: Any) -> int:
    """Non-zeros of a box, at most `most`; `sums` are those of the flattened tensor up to every point, shape (size + 1,)."""
    last = len(lo) - 1
    for a in range(last + 1):
        if hi[a] <= lo[a]:
            return 0
    at = lo.copy()
    found = 0
    while True:
        row = 0
        for a in range(last):
            row += at[a] * strides[a]
        found += sums[row + hi[last]] - sums[row + lo[last]]
        if found >= most:
            return int(found)
        a = last - 1
        while a >= 0:
            at[a] += 1
            if at[a] < hi[a]:
                break
            at[a] = lo[a]
            a -= 1
        if a < 0:
            return int(found)

"""Sets of points of one step, gathered from the multipliers below a memory instance, and their records."""

from __future__ import annotations

from typing import Any

from simulator.jit import inlined, kernel
from simulator.lowering.nest.formats import measure
from simulator.lowering.nest.granules import ACTUAL, DEMAND, META, WORK
from simulator.lowering.nest.tables import NOTHING


@inlined
def pay(record: Any, sums: Any, leaf: Any, instance: Any, beat: Any, time: Any) -> None:
    """Add to the time of an instance."""
    if leaf < 0:
        record[DEMAND, beat] += time
    else:
        sums[leaf + instance] += time


@inlined
def note(
    record: Any,
    sums: Any,
    leaf: Any,
    word: Any,
    instance: Any,
    beat: Any,
    kind: Any,
    words: Any,
    bits: Any,
    more: Any,
) -> None:
    """Record a set of points: data words, bits of metadata, metadata words."""
    record[ACTUAL + kind, beat] += words
    record[META + kind, beat] += more
    if kind < 2:
        time = words * word + bits
        record[WORK, beat] += time
        pay(record, sums, leaf, instance, beat, time)


@kernel
def gather(kinds: Any, flat: Any, scratch: Any, start: Any, first: Any, fan: Any) -> int:
    """The distinct points of the products of one memory instance, each in the best of its kinds."""
    met, slot, gathered, best = scratch.met, scratch.slot, scratch.gathered, scratch.best
    scratch.serial[0] += 1
    serial, union = scratch.serial[0], 0
    for i in range(first, first + fan):
        kind = kinds[i]
        if kind == NOTHING:
            continue
        x = flat[i]
        if met[x] == serial:
            best[slot[x]] = min(best[slot[x]], kind)
            continue
        met[x] = serial
        slot[x] = union
        gathered[union] = x - start
        best[union] = kind
        union += 1
    return union


@kernel
def choose(points: Any, gathered: Any, best: Any, union: Any, kind: Any) -> int:
    """Put the gathered points of a kind into `points`."""
    count = 0
    for j in range(union):
        if best[j] == kind:
            points[count] = gathered[j]
            count += 1
    return count


@kernel
def weigh(form: Any, points: Any, count: Any, nonzero: Any, keys: Any, found: Any) -> None:
    """As :func:`measure`; short where there is no metadata."""
    if len(form.kinds):
        measure(form, points, count, nonzero, keys, found)
        return
    words = count
    if form.compressed:
        words = 0
        for j in range(count):
            words += nonzero[points[j]]
    found[0], found[1], found[2] = words, 0, 0

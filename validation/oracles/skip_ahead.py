"""A skip-ahead intersection unit, cycle by cycle: two queues of coordinates, each seen through a window."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


def intersect(a: Iterable[int], b: Iterable[int], window: int) -> tuple[int, int, int]:
    """(Cycles, matches, coordinates that left the queues) of two sorted fibers.

    In a cycle each queue shows its next `window` coordinates. Equal heads leave together; otherwise those shown in the queue with
    the smaller head that are smaller than the other head leave.
    """
    queues = [deque(a), deque(b)]
    cycles = matches = left = 0
    while all(queues):
        cycles += 1
        heads = [queue[0] for queue in queues]
        if heads[0] == heads[1]:
            matches += 1
            leaving = [1, 1]
        else:
            shown = [list(queue)[:window] for queue in queues]
            leaving = [sum(c < max(heads) for c in each) for each in shown]
        for queue, count in zip(queues, leaving, strict=True):
            left += count
            for _ in range(count):
                queue.popleft()
    return cycles, matches, left

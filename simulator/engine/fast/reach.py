"""How soon a grant can matter elsewhere: the least number of cycles from a departure of one program to one of another.

A departure can let the consumer of a token depart `latency` cycles later and the producer that waits for a slot `credit_latency`
cycles later, so the distance is a shortest path over both kinds of edges (Dijkstra).
"""

from __future__ import annotations

import heapq
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.plan.network import Plan

Edges = tuple[tuple[tuple[int, int], ...], ...]
"""Of every program, those that it lets depart, and how many cycles later."""


def distances(plan: Plan, sources: list[int]) -> NDArray[np.int64]:
    """Cycles from a departure of each of `sources` to a departure of each program, shape (sources, programs).

    Programs are numbered in plan order; NEVER where there is no path.
    """
    programs = [program for component in plan.components for program in component.programs]
    producers = {channel: index for index, program in enumerate(programs) for channel in program.outputs}
    edges: list[list[tuple[int, int]]] = [[] for _ in programs]
    for consumer, program in enumerate(programs):
        for channel in program.inputs:
            producer = producers.get(channel)
            if producer is not None and plan.channels[channel].initial is not None:
                edges[producer].append((consumer, plan.channels[channel].latency))
                edges[consumer].append((producer, plan.channels[channel].credit_latency))
    return _distances(tuple(sources), tuple(tuple(own) for own in edges))


@lru_cache(maxsize=64)
def _distances(sources: tuple[int, ...], edges: Edges) -> NDArray[np.int64]:
    """Distances of all programs from some; layers on one machine have networks of one form."""
    rows = [_from(source, edges) for source in sources]
    table = np.array(rows, dtype=np.int64).reshape(len(sources), len(edges))
    table.flags.writeable = False
    return table


def _from(source: int, edges: Edges) -> list[int]:
    """Distances of all programs from one, which is at 0."""
    found = [at.NEVER] * len(edges)
    found[source] = 0
    heap = [(0, source)]
    while heap:
        cycles, here = heapq.heappop(heap)
        if cycles > found[here]:
            continue
        for there, step in edges[here]:
            if cycles + step < found[there]:
                found[there] = cycles + step
                heapq.heappush(heap, (cycles + step, there))
    return found

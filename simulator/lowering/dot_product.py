"""The smallest machine: one multiplier, two operand reads, one dot product, under a sparse acceleration
feature.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.saf import coiterate
from simulator.plan import Channel, Chunk, Component, Plan, Program, RunWriter


def dot_product(leader: NDArray[np.bool_], follower: NDArray[np.bool_], feature: str) -> Plan:
    """A reader that issues one coordinate per cycle, and a multiplier.

    Parameters
    ----------
    leader, follower : ndarray of bool, shape (coordinates,)
    feature : str
        See :mod:`simulator.datapath.saf`.
    """
    steps = coiterate(leader, follower, feature)
    count = len(steps.coordinates)

    def reads() -> Iterator[Chunk]:
        writer = RunWriter(0, 1, 2)
        writer.add(count, 1, puts=[1], actions=[steps.leader_reads, steps.follower_reads])
        yield writer.chunk()

    def multiplies() -> Iterator[Chunk]:
        writer = RunWriter(1, 0, 1)
        writer.add(count, 1, takes=[1], actions=[steps.macs])
        yield writer.chunk()

    reader = Program("operands", (), (0,), ("leader_read", "follower_read"), reads)
    multiplier = Program("products", (0,), (), ("mac",), multiplies)
    components = (
        Component("reader", "reader", "source", 1, (1, 1), None, (reader,)),
        Component("mac", "mac", "sink", 1, (1, 1), None, (multiplier,)),
    )
    return Plan(components, (Channel("operands", 2),))

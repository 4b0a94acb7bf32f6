"""Work that ends its own process at some points."""

from __future__ import annotations

import os
import signal

from simulator.sweeps.points import Point
from simulator.sweeps.work import Row
from simulator.sweeps.work import work as real

SEED = 13


def work(point: Point, sources: str) -> list[Row]:
    """As :func:`simulator.sweeps.work.work`, but points of seed 13 take their process with them."""
    if point.seed == SEED:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(point, sources)

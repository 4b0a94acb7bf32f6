"""Mean latency and accepted flits of random traffic, each node sending to all others alike.

Every node makes a flit per cycle with probability `load`, for one other node drawn at random, over `CYCLES` cycles; then all
flits are taken; past saturation the mean latency grows with `CYCLES`. On k columns (k even) the busiest links are full at
a load, in flits per node and cycle, of::

    mesh       half of a row sends k^2 / 2 of k^2 - 1 flits over its middle link    4 (k^2 - 1) / k^3, at most 1
    chain      half of n = k^2 nodes send n / 2 of n - 1 flits over it              4 (n - 1) / n^2
    crossbar   a port per node                                                      1
    tree       all flits over the root                                              1 / n
    bus        all flits                                                            1 / n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.lowering.noc import Node, Stream, Timing, alone, latency
from simulator.registry import resolve

CYCLES = 3000


@dataclass(frozen=True)
class Network:
    """A network whose latency is drawn.

    Attributes
    ----------
    label, kind : str
    side : int
        Rows and columns.
    timing : Timing
    """

    label: str
    kind: str
    side: int
    timing: Timing

    @property
    def saturation(self) -> Fraction:
        """Flits per node and cycle at which its busiest link has one per cycle; credits not counted."""
        nodes = self.side**2
        if self.kind == "mesh":
            return min(Fraction(1), Fraction(4 * (nodes - 1), self.side * nodes))
        full = {
            "bus": Fraction(1, nodes),
            "chain": Fraction(4 * (nodes - 1), nodes**2),
            "crossbar": Fraction(1),
            "tree": Fraction(1, nodes),
        }
        return full[self.kind]


NETWORKS = (
    Network("mesh 4 x 4", "mesh", 4, Timing(4, 1, 2)),
    Network("mesh 4 x 4, one place per flow", "mesh", 4, Timing(1, 1, 2)),
    Network("crossbar 16 x 16", "crossbar", 4, Timing(4, 1, 2)),
    Network("chain of 16", "chain", 4, Timing(4, 1, 2)),
    Network("tree of 4 branches of 4", "tree", 4, Timing(4, 1, 2)),
    Network("bus of 16", "bus", 4, Timing(4, 1, 2)),
)


def loads(network: Network, points: int = 12) -> list[float]:
    """Offered loads in flits per node and cycle, up to a little beyond saturation; a node makes one per cycle at most."""
    full = float(network.saturation)
    return sorted({min(1.0, full * share) for share in np.linspace(0.05, 1.08, points).tolist()})


def streams(side: int, load: float, seed: int = 1) -> list[Stream]:
    """A stream per pair of nodes that has a flit to send."""
    rng = np.random.default_rng([seed, side])
    nodes: list[Node] = [(r, c) for r in range(side) for c in range(side)]
    found: list[Stream] = []
    for source in nodes:
        others = [node for node in nodes if node != source]
        made = 1 + np.flatnonzero(rng.random(CYCLES) < load)
        to = rng.integers(len(others), size=len(made))
        for number, node in enumerate(others):
            times = made[to == number]
            if len(times):
                found.append(Stream(source, (node,), np.diff(times, prepend=0)))
    return found


def measure(network: Network) -> Iterator[tuple[float, float, float]]:
    """(Offered, accepted flits per node and cycle, mean latency) for rising loads."""
    run = resolve("engine", "fast")
    for offered in loads(network):
        sent = streams(network.side, offered)
        outcome = run(alone(network.kind, network.side, network.side, network.timing, sent))
        flits = sum(stream.flits for stream in sent)
        each = flits / network.side**2
        yield each / CYCLES, each / outcome.cycles, float(latency(sent, outcome))

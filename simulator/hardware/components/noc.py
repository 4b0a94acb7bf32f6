"""Networks on chip."""

from __future__ import annotations

from typing import Literal

from simulator.hardware.quantity import Bits, Count, Cycles
from simulator.hardware.specification import Specification


class Bus(Specification):
    """A link that several share, one flit per cycle.

    Attributes
    ----------
    flit : Bits
        What a link passes per cycle.
    queue : Count
        Flits each flow may have waiting in front of a link, and at its end; credits stand for these places.
    link : Cycles
        From one end of a link to the other, and for a credit back.
    """

    flit: Bits
    queue: Count
    link: Cycles


class Noc(Bus):
    """A network between nodes in rows and columns.

    Attributes
    ----------
    kind : str
        ``bus`` (one link for all), ``chain`` (neighbour links, row after row), ``tree`` (a copy per row, then per column),
        ``crossbar`` (an arbitrated port per destination) or ``mesh`` (routers, XY).
    planes : Count
        Networks alike, side by side; a flow keeps to one.
    router : Cycles
        Through a router, from the end of a link to the queues in front of the next.
    """

    kind: Literal["bus", "chain", "tree", "crossbar", "mesh"]
    planes: Count
    router: Cycles

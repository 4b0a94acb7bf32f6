"""A network on chip."""

from __future__ import annotations

from typing import Literal

from simulator.hardware.quantity import Bits, Count, Cycles
from simulator.hardware.specification import Specification


class Noc(Specification):
    """Nodes in rows and columns, joined by links that pass one flit per cycle.

    Attributes
    ----------
    kind : str
        ``bus`` (one link for all), ``chain`` (neighbour links, row after row), ``tree`` (a copy per row, then per column),
        ``crossbar`` (an arbitrated port per destination) or ``mesh`` (routers, XY).
    rows, columns : Count
    flit : Bits
        What a link passes per cycle.
    queue : Count
        Flits each flow may have waiting in front of a link; credits stand for its places.
    link : Cycles
        From one end of a link to the other, and for a credit back.
    router : Cycles
        Through a router, from the end of a link to the queues in front of the next.
    """

    kind: Literal["bus", "chain", "tree", "crossbar", "mesh"]
    rows: Count
    columns: Count
    flit: Bits
    queue: Count
    link: Cycles
    router: Cycles

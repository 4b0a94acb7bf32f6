"""Random states of components."""

from __future__ import annotations

from dataclasses import replace

from networks.draws import Draw, chance, choice
from simulator.plan.state import Banks, Rows


def rows(draw: Draw) -> Rows:
    """Random DRAM timings, small enough that all of them matter; some of none, some like those of a real part."""
    burst = choice(draw, (4, 8, 64))
    stripe = burst * draw.integer(1, 4)
    rc, faw, rrd_s, rrd_l = (draw.integer(0, 30) for _ in range(4))
    rfc, rcd = max(rc, faw, rrd_s, rrd_l) + draw.integer(0, 20), draw.integer(0, 9)
    state = Rows(
        clock=choice(draw, ((1, 1), (1, 1), (8, 5), (6, 5), (3, 7), (5, 2))),
        queue=draw.integer(1, 9),
        channels=choice(draw, (1, 1, 2, 3)),
        groups=choice(draw, (1, 1, 2, 4)),
        banks=draw.integer(1, 4),
        row=burst * draw.integer(1, 6),
        burst=burst,
        stripe=stripe,
        bl=draw.integer(1, 6),
        cl=draw.integer(0, 12),
        cwl=draw.integer(0, 9),
        rcd=rcd,
        rp=draw.integer(0, 9),
        ras=draw.integer(0, 20),
        rc=rc,
        rrd_s=rrd_s,
        rrd_l=rrd_l,
        faw=faw,
        ccd_s=draw.integer(0, 6),
        ccd_l=draw.integer(0, 8),
        rtp=draw.integer(0, 9),
        wr=draw.integer(0, 9),
        wtr_s=draw.integer(0, 6),
        wtr_l=draw.integer(0, 8),
        turn=draw.integer(0, 4),
        refi=0,
        rfc=rfc,
    )
    return replace(state, refi=rfc + rcd + state.longest + draw.integer(1, 200)) if chance(draw, 2) else state


def banks(draw: Draw, store: str) -> Banks:
    """A random store of banks."""
    return Banks(store, draw.integer(1, 6), choice(draw, (1, 4, 16)), choice(draw, (1, 1, 2, 5)))

"""Our own section ``cycles``: what cycles need and a specification for an analytical model leaves open.

::

    cycles:
      DRAM: {latency: 20 cycle, queue: 4, slots: 2}       # of a memory
      MAC: {latency: 2 cycle}                             # of the multipliers

What is not told has the defaults of :class:`~simulator.hardware.hierarchy.Timing`.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.errors import UnitError, suggest
from simulator.frontend.timeloop.node import Fields, Node
from simulator.hardware.hierarchy import Hierarchy, Timing
from simulator.units import parse


def with_cycles(node: Node | None, hierarchy: Hierarchy) -> Hierarchy:
    """The hierarchy with the timing a section tells.

    Raises
    ------
    InputError
        An unknown level or key, a latency without unit, or a number below 1.
    """
    if node is None:
        return hierarchy
    fields = node.fields(exact=True)
    names = [storage.name for storage in hierarchy.storage]
    for name, entry in fields.found.items():
        if name not in (*names, hierarchy.compute.name):
            raise entry.fail(f"no level {name!r}; {suggest(name, [*names, hierarchy.compute.name])}")
    storages = tuple(replace(s, timing=_timing(fields.take(s.name), s.timing)) for s in hierarchy.storage)
    compute = hierarchy.compute
    told = fields.take(compute.name)
    if told is not None:
        unit = told.fields()
        compute = replace(compute, latency=_latency(unit, compute.latency))
        _only(unit)
    return replace(hierarchy, storage=storages, compute=compute)


def _timing(node: Node | None, default: Timing) -> Timing:
    if node is None:
        return default
    fields = node.fields()
    slots, queue = fields.take("slots"), fields.take("queue")
    timing = Timing(
        _latency(fields, default.latency),
        slots.whole(1) if slots is not None else default.slots,
        queue.whole(1) if queue is not None else default.queue,
    )
    _only(fields)
    return timing


def _latency(fields: Fields, default: int) -> int:
    node = fields.take("latency")
    if node is None:
        return default
    try:
        cycles = parse(node.value, "cycle")
    except UnitError as error:
        raise node.fail(str(error)) from None
    if cycles < 1:
        raise node.fail("a latency is at least 1 cycle")
    return cycles


def _only(fields: Fields) -> None:
    for entry in fields.rest():
        raise entry.fail(f"unknown key {entry.name!r}; {suggest(entry.name, fields.asked)}")

"""Supplies and wires of the reference engine, alone."""

from __future__ import annotations

from simulator.engine.reference.channel import Supply, Wire
from simulator.plan import Channel


def test_a_supply_is_used_in_order() -> None:
    supply = Supply(2)
    for cycle in (5, 5, 9):
        supply.add(cycle)
    assert [supply.since(n) for n in range(7)] == [0, 0, 0, 5, 5, 9, None]
    supply.use(3)
    assert [supply.since(n) for n in range(4)] == [0, 5, 9, None]
    assert not supply.visible(1, 4)
    assert supply.visible(1, 5)
    assert not supply.visible(3, 100)


def test_what_is_lacking_at_first_is_made_up_for() -> None:
    supply = Supply(-1)
    supply.add(3)
    supply.add(7)
    assert [supply.since(n) for n in range(3)] == [0, 7, None]
    supply.use(1)
    assert supply.since(1) is None


def test_an_endless_supply_has_any_number() -> None:
    supply = Supply(None)
    supply.use(10**9)
    assert supply.since(10**9) == 0


def test_every_arrival_is_announced_once() -> None:
    told: list[int] = []
    supply = Supply(0)
    supply.announce = told.append
    for cycle in (2, 2, 3):
        supply.add(cycle)
    assert told == [2, 3]


def test_a_wire_lets_width_tokens_in_per_cycle() -> None:
    wire = Wire(Channel("c", None, latency=3, width=2))
    wire.put(3, 0)
    wire.put(2, 1)
    wire.put(1, 9)
    assert [wire.tokens.since(n) for n in range(1, 7)] == [3, 3, 4, 4, 5, 12]


def test_released_slots_come_back_after_the_credit_latency() -> None:
    wire = Wire(Channel("c", 3, credit_latency=4, initial=2))
    wire.take(2)
    wire.release(1, 10)
    assert [wire.slots.since(n) for n in range(4)] == [0, 0, 14, None]

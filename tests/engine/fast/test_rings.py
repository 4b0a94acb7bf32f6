"""Rings that grow keep what is in them, where there is room in the kernels' memory and where that must be made."""

from __future__ import annotations

import pytest
from networks import program, run_of, server

from simulator.engine.fast import arena, run
from simulator.engine.fast import layout as at
from simulator.engine.fast.laying import RING
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.rings import widen
from simulator.engine.reference import run as reference
from simulator.plan import Channel, Plan


def pairs(count: int, items: int) -> Plan:
    """Sources that run far ahead of a shared port each, which takes their tokens several at once."""
    parts = []
    for i in range(count):
        made = program("p", run_of(items, 1, puts=[1]), outputs=[i])
        taken = program("p", run_of(items // 4, 9, takes=[4]), inputs=[i])
        parts += [server(f"source{i}", made), server(f"taker{i}", taken, arbiter="priority")]
    return Plan(tuple(parts), tuple(Channel(f"c{i}", None) for i in range(count)))


@pytest.mark.nojit
def test_a_ring_keeps_its_last_entries() -> None:
    memory = Memory(pairs(1, 64), leap=False)
    words, channel = memory.words, memory.channels[0]
    put = 3 * RING + 5
    ring = int(words[channel + at.TOKENS])
    for token in range(put - RING, put):
        words[ring + token % RING] = 1000 + token
    words[channel + at.PUT], words[at.HEAP] = put, memory.used
    need = 2 * (RING + 1)  # credits of a channel that holds any number are one word
    for room, fits in ((need - 1, 0), (need, 1)):
        words[memory.used : memory.used + need] = 7  # whatever is there
        words[at.HEAP_END] = memory.used + room
        assert widen(words, channel) == fits
        assert words[at.HEAP] == memory.used + fits * need
    ring = int(words[channel + at.TOKENS])
    assert words[channel + at.TOKENS_MASK] == 2 * RING - 1
    assert [int(words[ring + token % (2 * RING)]) for token in range(put - RING, put)] == [
        1000 + token for token in range(put - RING, put)
    ]


@pytest.mark.parametrize("count", [1, 5])
def test_rings_grow_where_room_must_be_made(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, rooms, make_room = pairs(count, 1000), list[int](), Memory.make_room
    expected = reference(plan)
    monkeypatch.setattr(Memory, "make_room", lambda self, n: (rooms.append(n), make_room(self, n))[1])
    assert run(plan, leap=False) == expected
    assert rooms == []
    monkeypatch.setattr(arena, "_free", [])
    monkeypatch.setattr(arena, "FIRST_WORDS", 1)
    assert run(plan, leap=False) == expected
    assert rooms

"""Compiled service of DRAM and banks equals the reference's, item by item."""

from __future__ import annotations

import numpy as np
import pytest
from engine.reference.test_rows import granted, stream
from networks import Seeded, banks, rows

from simulator.engine.fast import service
from simulator.engine.reference.banks import Store
from simulator.engine.reference.stream import Item

pytestmark = pytest.mark.nojit


def test_dram_items_take_what_the_reference_says() -> None:
    for seed in range(100):
        draw = Seeded(seed)
        of = rows(draw)
        requests = stream(draw, of, 60)
        place = 0
        m = np.array([*[0] * service.PLACE_WORDS, *service.block(of)], dtype=np.int64)
        spans, free = [], 0
        for request in requests:
            m[place + service.WRITES], m[place + service.ADDRESS] = request.write, request.address
            start = max(free, request.ready)
            last = service.serve(m, service.PLACE_WORDS, place, request.size, request.ready, start, start)
            spans.append((start, int(last)))
            free = spans[-1][1] + 1
        assert spans == granted(of, requests), seed


def test_words_take_what_the_reference_says() -> None:
    for seed in range(60):
        draw = Seeded(seed)
        state = banks(draw, "s")
        store, m = Store(state), np.array(service.block(state), dtype=np.int64)
        cycle = 0
        for _ in range(60):
            address, demand = draw.integer(0, 200), draw.integer(0, 40)
            item = Item(demand, demand, (), (), (), (), address)
            assert int(service.touch(m, 0, address, demand, cycle)) == store.touch(item, cycle)
            cycle += draw.integer(0, 6)


def test_addresses_follow_their_runs() -> None:
    runs = [(3, 100, 8), (1, 7, 0), (2, 50, -10)]
    m = np.array([*[0] * service.PLACE_WORDS, *(n for run in runs for n in run)], dtype=np.int64)
    m[service.NEXT_RUN], m[service.LAST_RUN] = service.PLACE_WORDS, len(m)
    service.begin(m, 0)
    found = []
    for _ in range(6):
        found.append(int(m[service.ADDRESS]))
        service.move_on(m, 0)
    assert found == [100, 108, 116, 7, 50, 40]

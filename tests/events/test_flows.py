"""Arrows are those of tokens passed on one by one, and lead from every read of main memory to an output."""

from __future__ import annotations

from collections import deque

import numpy as np
from networks import Seeded, network

import simulator
from events.conftest import layer_of, whole
from simulator.errors import DeadlockError
from simulator.events import LayerEvents
from simulator.events.flows import arrows

Item = tuple[int, int]


def passed_on(layer: LayerEvents) -> set[tuple[Item, Item]]:
    """Arrows of data of a whole run, by passing on every token."""
    found = set()
    for channel in layer.queues():
        producer, consumer = layer.ends[channel]
        if producer is None or consumer is None:
            continue
        queue: deque[tuple[int, bool] | None] = deque([None] * (layer.channels[channel].initial or 0))
        for item, count in enumerate(layer.tracks[producer[0]].items.puts[producer[1]].tolist()):
            queue.extend((item, token == 0) for token in range(count))
        for item, count in enumerate(layer.tracks[consumer[0]].items.takes[consumer[1]].tolist()):
            for _ in range(count):
                token = queue.popleft()
                if token is not None and token[1]:
                    found.add(((producer[0], token[0]), (consumer[0], item)))
    return found


def told(layer: LayerEvents) -> tuple[set[tuple[Item, Item]], set[tuple[Item, Item]]]:
    """Arrows of data, and those within a program."""
    data: set[tuple[Item, Item]] = set()
    within: set[tuple[Item, Item]] = set()
    for each in arrows(layer):
        into = within if each.channel is None else data
        for a, b in zip(each.sources.tolist(), each.targets.tolist(), strict=True):
            into.add(((each.source, a), (each.target, b)))
    return data, within


def test_arrows_follow_tokens() -> None:
    checked = 0
    for seed in range(40):
        try:
            layer = whole(network(Seeded(seed)))
        except DeadlockError:
            continue
        data, within = told(layer)
        assert data == passed_on(layer), f"network {seed}"
        reached = {target for _, target in data}
        for source, target in within:
            assert source in reached
            assert source[0] == target[0]
            assert source[1] < target[1]
        for (a, i), (b, j) in data | within:
            assert layer.tracks[a].events.depart[i] < layer.tracks[b].events.start[j]
        checked += len(data)
    assert checked > 500


def test_a_tile_is_followed_from_main_memory_to_the_output() -> None:
    layer = simulator.record_events("highlight", layer_of(1)).layers[0]
    after: dict[Item, list[Item]] = {}
    for each in arrows(layer):
        for a, b in zip(each.sources.tolist(), each.targets.tolist(), strict=True):
            after.setdefault((each.source, a), []).append((each.target, b))
    names = [(layer.components[t.component].name, t.events.name) for t in layer.tracks]
    for operand in ("weights", "inputs"):
        source = names.index(("dram", operand))
        for item in range(len(layer.tracks[source].events)):
            seen, rest = set(), [(source, item)]
            while rest:
                here = rest.pop()
                if here not in seen:
                    seen.add(here)
                    rest += after.get(here, [])
            reached = {names[track] for track, _ in seen}
            path = {("glb.write", operand), ("glb.read", operand), ("array", "steps"), ("dram", "outputs")}
            assert path <= reached, f"{operand} {item}: {sorted(reached)}"


def test_a_window_tells_the_arrows_between_its_items() -> None:
    rng, checked = np.random.default_rng(6), 0
    for seed in range(40):
        plan = network(Seeded(seed))
        try:
            every = whole(plan)
        except DeadlockError:
            continue
        begin = int(rng.integers(max(1, every.cycles)))
        part = whole(plan, begin, begin + 300)
        first = [track.events.first for track in part.tracks]
        size = [len(track.events) for track in part.tracks]
        expected = {
            ((a, i - first[a]), (b, j - first[b]))
            for (a, i), (b, j) in told(every)[0]
            if 0 <= i - first[a] < size[a] and 0 <= j - first[b] < size[b]
        }
        assert told(part)[0] == expected, f"network {seed}"
        checked += len(expected)
    assert checked > 100

"""Counters are what a recount cycle by cycle gives, and their sums are those of the result."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from networks import Seeded, network

import simulator
from events.conftest import layer_of, whole
from simulator.api import lowered_layer
from simulator.errors import DeadlockError
from simulator.events import LayerEvents
from simulator.events.counters import Counter, demand_rate, occupancy


def layers(count: int) -> Iterator[tuple[int, LayerEvents, LayerEvents]]:
    """Random networks that end: the whole run, and a window of it."""
    rng = np.random.default_rng(5)
    for seed in range(count):
        plan = network(Seeded(seed))
        try:
            every = whole(plan)
        except DeadlockError:
            continue
        begin = int(rng.integers(max(1, every.cycles)))
        yield seed, every, whole(plan, begin, begin + 1 + int(rng.integers(200)))


def shown(counter: Counter, begin: int, end: int) -> list[float]:
    """The value in every cycle."""
    values = np.repeat(counter.values, np.diff(np.append(counter.times, end)))
    assert counter.times[0] == begin
    assert (np.diff(counter.times) > 0).all()
    return values.tolist()


def recounted(layer: LayerEvents, channel: int) -> list[int]:
    """Entries of a channel in use in every cycle of a whole run."""
    levels = [layer.channels[channel].initial or 0] * layer.cycles
    producer, consumer = layer.ends[channel]
    for end, sign in ((producer, 1), (consumer, -1)):
        if end is None:
            continue
        track = layer.tracks[end[0]]
        moved = track.items.puts[end[1]] if sign > 0 else track.items.releases[end[1]]
        for time, count in zip((track.events.depart + 1).tolist(), moved.tolist(), strict=True):
            for cycle in range(time, layer.cycles):
                levels[cycle] += sign * count
    return levels


def test_occupancy_is_a_recount_and_a_window_is_a_part_of_it() -> None:
    checked = 0
    for seed, every, part in layers(20):
        for channel in every.queues():
            counter, cut = occupancy(every, channel), occupancy(part, channel)
            if counter is None or every.cycles > 3000 or every.cycles == 0:
                continue
            levels = recounted(every, channel)
            assert shown(counter, 0, every.cycles) == levels, f"network {seed}, channel {channel}"
            assert min(levels) >= 0
            begin, end = part.recording.begin, part.recording.end
            assert cut is not None
            if end > begin:
                assert shown(cut, begin, end) == levels[begin:end], f"network {seed}, channel {channel}"
            checked += 1
    assert checked > 20


def test_rates_sum_to_the_demand() -> None:
    for seed, every, part in layers(40):
        for place, component in enumerate(every.components):
            counter = demand_rate(every, place)
            tracks = [track for track in every.tracks if track.component == place]
            demand = sum(int(track.items.demand.sum()) for track in tracks)
            if counter is None:
                assert demand == 0
                continue
            assert counter.integral(every.cycles) == pytest.approx(demand, rel=1e-12), (
                f"{seed} {component.name}"
            )
            begin, end = part.recording.begin, part.recording.end
            cut = demand_rate(part, place)
            values = np.array(shown(counter, 0, every.cycles))[begin:end]
            if cut is not None and end > begin:
                assert shown(cut, begin, end) == pytest.approx(values.tolist())


@pytest.mark.parametrize("machine", ["highlight", "tc", "dstc", "eyeriss", "extensor"])
def test_bytes_of_the_counters_are_bytes_of_the_result(machine: str) -> None:
    layer = layer_of(3)
    plan = lowered_layer(simulator.load_machine(machine), layer).plan
    addressed = {part.name for part in plan.components if all(p.access for p in part.programs)}
    assert "dram" in addressed
    result = simulator.simulate(machine, layer).layers[0]
    told = simulator.record_events(machine, layer).layers[0]
    assert told.cycles == result.cycles
    moved = 0
    for place, part in enumerate(result.components):
        counter = demand_rate(told, place)
        if part.kind in ("memory", "dram") and counter is not None:
            assert counter.unit == ("B/cycle" if part.name in addressed else "units/cycle")
            assert round(counter.integral(told.cycles)) == part.demand
            moved += 1
        if part.name in result.traffic:
            assert counter is not None
            assert counter.unit == "B/cycle"
            assert round(counter.integral(told.cycles)) == sum(result.traffic[part.name].values())
    assert moved >= 3


def test_no_queue_holds_more_than_it_can_and_none_is_left_full() -> None:
    told = simulator.record_events("highlight", layer_of(3)).layers[0]
    for channel in told.queues():
        counter = occupancy(told, channel)
        assert counter is not None
        assert counter.values[-1] == (channel == _last(told)), counter.name
        capacity = told.channels[channel].capacity
        assert capacity is None or counter.values.max() <= capacity
        assert counter.values.max() > 0


def _last(layer: LayerEvents) -> int:
    """The channel whose entry is released by the last departure: it is in use to the end."""
    track = max(layer.tracks, key=lambda each: int(each.events.depart.max(initial=-1)))
    return track.program.inputs[0]

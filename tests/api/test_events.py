"""Windows of traces are parts of the whole, whatever the engine; layers behind them are not run."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.errors import InputError
from simulator.events import Log
from simulator.workload.model import Trace


def trace() -> Trace:
    rng = np.random.default_rng(2)
    masks = [rng.random((24, 40)) < 0.5 for _ in range(3)]
    layers = (simulator.gemm(m, rng.random((40, 24)) < 0.7, name=f"l{i}") for i, m in enumerate(masks))
    return Trace("three", tuple(layers))


def rows(log: Log) -> set[tuple[object, ...]]:
    """Every item, in cycles of the log."""
    return {
        (layer.name, layer.components[t.component].name, t.events.name, t.events.first + i, *times)
        for layer in log.layers
        for t in layer.tracks
        for i, times in enumerate(
            zip(*((each + layer.offset).tolist() for each in (t.events.start, t.events.depart)), strict=True)
        )
    }


def test_a_window_over_layers() -> None:
    told = simulator.record_events("dstc", trace())
    result = simulator.simulate("dstc", trace(), verify=False)
    assert [layer.cycles for layer in told.layers] == [layer.cycles for layer in result.layers]
    assert (told.begin, told.end) == (0, result.cycles)
    second = told.layers[1].offset
    for first, beyond in ((second - 20, second + 30), (second, second + 1), (told.end - 5, None)):
        asked: list[str] = []
        part = simulator.record_events("dstc", trace(), cycles=(first, beyond), on_layer=asked.append)
        end = told.end if beyond is None else beyond
        assert (part.begin, part.end) == (first, end)
        assert rows(part) == {row for row in rows(told) if row[4] < end and row[5] >= first}
        assert asked == ["l0", "l1", "l2"][: 3 if beyond is None else 2]
    assert [layer.name for layer in part.layers] == ["l2"]


def test_both_engines_and_a_rung() -> None:
    for rung in ("truth", "order"):
        a, b = (
            simulator.record_events("tc", trace(), (100, 300), engine, rung)
            for engine in ("fast", "reference")
        )
        assert rows(a) == rows(b)
        assert a.rung == ("S4" if rung == "truth" else "S2")
        assert [x.recording for x in a.layers] == [x.recording for x in b.layers]


def test_a_design_point() -> None:
    point = simulator.load("spmspm")
    told = simulator.record_events(point, cycles=(0, 500))
    assert told.machine == "spmspm"
    assert told.items > 10


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"cycles 9000000:: the run has [\d,]+ cycles"):
        simulator.record_events("tc", trace(), (9_000_000, None))
    with pytest.raises(InputError, match="must be FIRST:BEYOND"):
        simulator.record_events("tc", trace(), (5, 5))
    with pytest.raises(InputError, match="more than 10 items and intervals"):
        simulator.record_events("tc", trace(), most=10)
    with pytest.raises(InputError, match="needs a layer or a trace"):
        simulator.record_events("tc")
    with pytest.raises(InputError, match="rung S1: has totals only"):
        simulator.record_events("tc", trace(), rung="balance")
    with pytest.raises(InputError, match="takes no overrides"):
        simulator.record_events("spmspm", overrides={"a.b": "1"})
    with pytest.raises(InputError, match=r"unknown recorder 'slow'|unknown engine 'slow'"):
        simulator.record_events("tc", trace(), engine="slow")

"""Results beside one another: every kind at every width, labelled, on one scale, in words too."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report import beside
from simulator.report.beside.labels import Labelled
from simulator.report.paper import FORMATS, sized

Pair = tuple[Result, Result]
Draw = Callable[[list[Labelled], Path], None]

DRAWN: dict[str, Draw] = {
    "timeline": lambda r, path: beside.timeline(r, None, path),
    "layer": lambda r, path: beside.timeline(r, "b/half", path),
    "stalls": beside.stalls,
    "energy": beside.energy,
    "speedup": beside.speedup,
    "roofline": beside.roofline,
}
each = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


def named(results: Pair) -> list[Labelled]:
    first, second = results
    other = dataclasses.replace(first, layers=first.layers[::-1][:2] + first.layers[:1])
    return beside.labelled([second, first, other], ["a", "b", "c"], ["core", "sparse", "again"])


def described(path: Path) -> str:
    return path.read_text().split("<dc:description>")[1].split("</dc:description>")[0]


@each
@pytest.mark.parametrize("width", FORMATS)
def test_every_kind_at_every_width(draw: Draw, width: str, results: Pair, tmp_path: Path) -> None:
    with sized(width):
        draw(named(results), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    points = 72 * FORMATS[width].inches
    assert f'width="{points:g}pt"' in text
    told = described(tmp_path / "a.svg")
    assert len(told) > 150
    shown = re.search(r"<!-- [^>]*: small on core, sparse and again -->", text)
    assert bool(shown) == (width == "screen"), "a title on a screen only"


def test_numbers_are_those_of_the_results(results: Pair, tmp_path: Path) -> None:
    first, second = results
    beside.speedup(named(results), tmp_path / "a.svg")
    told = described(tmp_path / "a.svg")
    for layer, other in zip(first.layers, second.layers, strict=True):
        assert f"{layer.name} {other.cycles / layer.cycles:.2f}" in told
    beside.energy(named(results), tmp_path / "b.svg")
    assert f"Energy of core: {second.energy / 1e6:#.3g} uJ" in described(tmp_path / "b.svg")
    beside.stalls(named(results), tmp_path / "c.svg")
    layer = second.layers[0]
    main = max(layer.components, key=lambda part: part.lanes)
    assert f"{layer.name}: busy {100 * main.busy / layer.cycles:.0f} %" in described(tmp_path / "c.svg")


def test_labels(results: Pair) -> None:
    first, second = results

    def label(*args: Any) -> list[str]:
        return [x.label for x in beside.labelled(*args)]

    assert label([first, second], ["x", "y"]) == ["highlight", "tc"]
    assert label([first, first], ["x", "y"]) == ["highlight (x)", "highlight (y)"]
    assert label([first, dataclasses.replace(first, trace="other")], ["x", "y"]) == ["small", "other"]
    assert label([first, first], ["x", "y"], ["one", "two"]) == ["one", "two"]
    with pytest.raises(InputError, match="1 labels for 2 results"):
        label([first, second], ["x", "y"], ["one"])
    with pytest.raises(InputError, match="must differ"):
        label([first, first], ["x", "x"])
    with pytest.raises(InputError, match="8 results in one picture: at most 7"):
        label([first] * 8, list("abcdefgh"))


def test_nothing_to_draw(results: Pair, tmp_path: Path) -> None:
    nothing = dataclasses.replace(results[0], layers=())
    pair = beside.labelled([nothing, nothing], ["a", "b"], ["a", "b"])
    for name, draw in DRAWN.items():
        with pytest.raises(InputError, match=r"no cycles|no energy|no layer|no roofline"):
            draw(pair, tmp_path / f"{name}.png")
    assert list(tmp_path.iterdir()) == []

"""The study of TASD: what is measured of a small network, what is told and drawn of it, and that an interrupted run continues."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.search.tasder import recorded
from simulator.workload.layer import gemm
from simulator.workload.model import Trace
from validation.studies.tasd import __main__ as study
from validation.studies.tasd import drawing, measure, networks, page, sizes, units
from validation.studies.tasd.measure import Point

ZEROS = {"dense": 0.0, "50%": 0.5, "75%": 0.75, "90%": 0.9, "95%": 0.95}


def small(seed: int, quick: bool, tell: networks.Tell):
    """A network of two layers at every degree; its quality is how much of its outputs is left."""
    rng = np.random.default_rng(seed)
    for degree, zeros in ZEROS.items():
        layers = []
        for name, (m, k, n) in {"one": (96, 128, 200), "two": (64, 96, 200)}.items():
            weights = rng.integers(-99, 100, (m, k)) * (rng.random((m, k)) >= zeros)
            inputs = rng.integers(0, 50, (k, n)) * (rng.random((k, n)) < 0.5)
            layers.append(gemm(weights.astype(np.int8), inputs.astype(np.int8), f"{degree}/{name}"))
        yield degree, recorded.of(Trace(degree, tuple(layers)))


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """Of one small network, once more under another name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(measure.NETWORKS, "CNN", small)
        found = list(measure.points("CNN", 0, True, lambda words: None))
    return [*found, *(replace(point, network="transformer") for point in found)]


@pytest.fixture(scope="module")
def hidden() -> list[units.Hidden]:
    return [
        units.Hidden(series, columns, each, max(1.0, 64 / columns * 16 / each))
        for series in units.SERIES
        for columns in units.COLUMNS
        for each in units.UNITS
    ]


@pytest.fixture(scope="module")
def products() -> list[sizes.Sized]:
    return sizes.sized((128, 128, 256))


def test_every_degree_is_measured_on_every_machine(points: list[Point]) -> None:
    assert tuple(ZEROS) == tuple(networks.DEGREES)
    for network in ("CNN", "transformer"):
        told = [(p.degree, p.machine) for p in page.of(points, network=network)]
        assert told == [(degree, machine) for degree in ZEROS for machine in page.MACHINES]


def test_what_is_found_is_good_enough_and_costs_less_the_more_is_zero(points: list[Point]) -> None:
    for point in points:
        assert point.quality[1] >= measure.LEAST * point.quality[0]
        assert all(0 < edp <= 1 for edp, _ in point.curve)
        assert all(quality >= measure.LEAST for _, quality in point.curve)
        assert [edp for edp, _ in point.curve] == sorted((edp for edp, _ in point.curve), reverse=True)
    for machine in measure.TTC:
        (dense,), (sparse,) = (page.relative(points, "CNN", degree, machine) for degree in ("dense", "95%"))
        assert sparse < dense
    (tc, dstc) = ([p.cycles for p in page.of(points, network="CNN", machine=m)] for m in measure.BASELINES)
    assert len(set(tc)) == 1
    assert dstc[-1] < dstc[0]


def test_cycles_are_those_of_the_network_with_its_series(points: list[Point]) -> None:
    (point,) = page.of(points, network="CNN", degree="75%", machine="ttc_vegeta_m8")
    (subject,) = (subject for degree, subject in small(0, True, lambda done, of: None) if degree == "75%")
    choices = {f"75%/{name}": choice for name, choice in point.choices.items() if choice is not None}
    assert choices
    assert measure.total("ttc_vegeta_m8", subject, choices).cycles == point.cycles
    assert measure.total("ttc_vegeta_m8", subject, {}).cycles > point.cycles


def test_tables(points: list[Point], hidden: list[units.Hidden], products: list[sizes.Sized]) -> None:
    text = page.tables(points, hidden, products)
    assert re.search(r"^\| CNN, dense \| 1\.00 \|", text, re.M)
    assert "| at best | 83% |" in text
    assert "| on average | 74% |" in text
    assert "| 4:8, 16 | 32.00 | 16.00 | 8.00 | 4.00 | 2.00 | 1.00 |" in text
    best = max(1 - page.relative(points, n, d, "ttc_stc_m4")[0] for n in page.networks(points) for d in ZEROS)
    assert f"| at best | 83% | {100 * best:.0f}% |" in text


def test_without_networks_there_are_the_product_and_the_units(
    hidden: list[units.Hidden], products: list[sizes.Sized]
) -> None:
    text = page.tables([], hidden, products)
    assert [line for line in text.splitlines() if line.startswith("###")] == [
        "### A product of the paper's size: 768 x 3072 x 512, over `tc`",
        "### Units: cycles over those with as many as ever help",
    ]


def test_what_a_series_saves_of_a_large_product(products: list[sizes.Sized]) -> None:
    told = {(one.machine, one.series): one for one in products}
    assert set(told) == {(machine, series) for machine, some in sizes.SERIES.items() for series in some}
    by_cost = [told["ttc_vegeta_m8", series] for series in ("1:8", "2:8", "4:8")]
    for side in measure.SIDES:
        assert [one.edp(side) for one in by_cost] == sorted(one.edp(side) for one in by_cost)
        assert all(one.edp(side) == one.cycles[side] * one.energy[side] < 1 for one in by_cost)


def test_pictures(points: list[Point], hidden: list[units.Hidden], tmp_path: Path) -> None:
    drawing.draw_edp(points, tmp_path / "edp.png")
    drawing.draw_layers(points, tmp_path / "layers.png")
    drawing.draw_curves(points, tmp_path / "curves.png")
    drawing.draw_units(hidden, tmp_path / "units.png")
    assert all(path.stat().st_size > 10_000 for path in tmp_path.iterdir())


def test_a_run_that_was_interrupted_measures_what_is_missing(
    points: list[Point],
    hidden: list[units.Hidden],
    products: list[sizes.Sized],
    tmp_path: Path,
    monkeypatch,
    capsys,
) -> None:
    keep, doc, asked = tmp_path / "keep.json", tmp_path / "page.md", list[tuple[str, int]]()
    doc.write_text("Text.\n\n<!-- tables -->\n<!-- end -->\n")

    def one(network: str, seed: int, quick: bool) -> list[Point]:
        if len(asked) == 1 and not again:
            raise KeyboardInterrupt
        asked.append((network, seed))
        return page.of(points, network=network)

    again = False
    monkeypatch.setattr(study, "_one", one)
    monkeypatch.setattr(study, "measured", lambda: hidden)
    monkeypatch.setattr(study, "sized", lambda: products)
    monkeypatch.setattr(
        sys, "argv", ["x", "--seeds", "1", "--quick", "--keep", str(keep), "--page", str(doc)]
    )
    with pytest.raises(KeyboardInterrupt):
        study.main()
    assert list(json.loads(keep.read_text())) == ["transformer 0 quick"]
    again = True
    study.main()
    assert asked == [("transformer", 0), ("CNN", 0)]
    assert capsys.readouterr().out == page.tables(points, hidden, products) + "\n"
    assert page.tables(points, hidden, products) in doc.read_text()
    study.main()
    assert len(asked) == 2


def test_sixteen_units_hide_from_the_columns_that_are_said() -> None:
    """A pass needs 1024 / units cycles of units and streams its columns meanwhile."""
    assert units.slowdown("4:8", 64, 16) < 1.02
    assert units.slowdown("4:8", 32, 16) > 1.2
    assert units.slowdown("4:8", 32, 32) < 1.02


def test_kept_networks_are_of_this_text() -> None:
    same = networks.load(networks.kept()[0]).notes["data_sha256"] == networks.text.corpus().sha256
    assert (networks._kept(0) is not None) is same  # another Python ships another edition of the text
    assert networks._kept(99) is None

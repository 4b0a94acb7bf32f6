"""The table of goals: ratios go the right way, compared calls take turns, rows are runs, the page keeps its other table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator
from simulator.registry import resolve
from simulator.sparsity.patterns import parse
from validation import markdown
from validation.benchmarks import scalesim, scaling
from validation.benchmarks.speed import __main__ as speed
from validation.benchmarks.speed import products
from validation.benchmarks.speed.rows import HEADING, Row, medians, middle


def test_above_one_is_better_than_the_goal_whichever_way_it_goes() -> None:
    assert Row("w", "p", 150.0, "G", 300.0, True).times == 0.5
    assert Row("w", "p", 0.5, "s", 2.0).times == 4
    assert Row("w", "p", 0.5, "s").times is None
    assert Row("w", "p", 0.5, "s", 2.0).cells() == ["w", "p", "at most 2 s", "0.5 s", "4", ""]


def test_calls_are_taken_in_turn_and_the_first_is_not_counted() -> None:
    called: list[str] = []
    found = medians([lambda: called.append("a"), lambda: called.append("b")], 2)
    assert called == ["a", "b"] * 3
    assert len(found) == 2


def test_patterns_are_half_full_where_a_family_has_such() -> None:
    machine = simulator.load_machine("s2ta")
    found = parse(products.halves(machine.datapath.weights))
    assert found.density == pytest.approx(0.5)


def test_rows_are_runs_of_the_layer() -> None:
    layer, machine = products.product(64, products.HSS, 0.5), simulator.load_machine("highlight")
    assert layer.weights.nonzeros * 4 == layer.weights.size
    engine, lowering = products.spans(machine, layer, "work", 300)
    assert f"{simulator.simulate(machine, layer, verify=False).cycles:,} cycles" in engine.note
    assert engine.times == pytest.approx(engine.value / 300)
    assert lowering.goal is None


def test_the_page_gets_the_rows_and_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[Row]:
        yield Row("work", "part", 1.0, "s", 2.0)

    page = tmp_path / "speed.md"
    page.write_text(
        f"{markdown.REACH}\nold\n{markdown.END}\nbetween\n{markdown.BEGIN}\nkept\n{markdown.END}\n"
    )
    monkeypatch.setitem(speed.ROWS, "long", rows)
    speed.main(["--only", "long", "--page", str(page)])
    text = page.read_text()
    assert "old" not in text
    assert "| work | part | at most 2 s | 1 s | 2 |  |" in text
    assert text.endswith(f"between\n{markdown.BEGIN}\nkept\n{markdown.END}\n")


def test_rounds_give_the_middle_and_the_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([4.0, 40.0, 1.0, 10.0, 2.0, 20.0])

    def rows() -> Iterator[Row]:
        yield Row("work", "part", value := next(values), "s", 2.0, note=f"of {value:g}")
        yield Row("work", "other", next(values), "s")

    page = tmp_path / "speed.md"
    page.write_text(f"{markdown.REACH}\n{markdown.END}\n")
    monkeypatch.setitem(speed.ROWS, "long", rows)
    speed.main(["--only", "long", "--rounds", "3", "--page", str(page)])
    assert "| work | part | at most 2 s | 2 s (1 to 4) | 1 | of 2 |" in page.read_text()
    assert "| work | other |  | 20 s (10 to 40) |  |  |" in page.read_text()
    assert middle([Row("w", "p", 3.0, "s"), Row("w", "p", 1.0, "s")]).value == 1.0
    with pytest.raises(SystemExit):
        speed.main(["--rounds", "0"])


def test_rows_that_are_not_made_anew_stay_in_their_order() -> None:
    lines = markdown.table([HEADING, *([work, "part", "", "1 s", "", "old"] for work in "abc")], text=6)
    page = "\n".join(["| x | y |", markdown.REACH, *lines, markdown.END, "| z | part | | | | |"])
    made = [[work, "part", "", "2 s", "", "new"] for work in ("b", "b, longer", "d")]
    found = speed.beside(page, made)
    assert [row[0] for row in found] == ["a", "b", "b, longer", "d", "c"]
    assert [row[5] for row in found] == ["old", "new", "new", "new", "old"]
    assert speed.beside(page, made[2:])[-1] == made[2]


def test_without_scale_sim_it_says_how_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scalesim.main(["--python", str(tmp_path / "none")])
    assert "pip install scalesim" in capsys.readouterr().out


def test_slopes_are_exponents() -> None:
    assert scaling.slope((1, 2, 4), (3, 12, 48)) == pytest.approx(2)
    assert scaling.slope((1, 2, 4), (5, 5, 5)) == pytest.approx(0)


def test_a_product_nested_in_levels_makes_the_same_products_at_any_depth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scaling, "NESTED", 8)
    for levels in scaling.LEVELS:
        plan = scaling.nested(levels)()
        (compute,) = (part for part in resolve("engine", "fast")(plan).components if part.name == "MAC")
        assert len(plan.components) == 2 * levels + 1
        assert compute.work == 8**3

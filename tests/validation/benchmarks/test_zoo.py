"""The benchmark of all machines: its rows are runs of the machine, and a layer that is refused is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import simulator
from simulator import InfeasibleError
from validation.benchmarks import zoo


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "LARGE", zoo.SMALL)
    monkeypatch.setattr(zoo, "ENOUGH", 1e-9)
    monkeypatch.setattr(zoo, "KINDS", zoo.KINDS[:2])


def test_layers_are_those_that_are_told() -> None:
    dense, sparse = (kind.make(True) for kind in zoo.KINDS)
    assert (dense.weights.nonzeros, dense.inputs.nonzeros) == (64 * 64, 64 * 64)
    assert (sparse.weights.nonzeros, sparse.inputs.nonzeros) == (64 * 64 / 4, 64 * 64 / 2)
    large = zoo.convolution(True)
    assert large.einsum.macs == 128 * 128 * 9 * 14 * 14
    assert large.weights.nonzeros * 4 == large.weights.size


def test_a_row_is_a_run_and_the_page_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "speed.md"
    page.write_text("<!-- tables -->\n<!-- end -->\n")
    monkeypatch.setattr(zoo, "names", lambda: ("tc",))
    monkeypatch.setattr(sys, "argv", ["zoo", "--page", str(page)])
    zoo.main()
    lines = [line for line in page.read_text().splitlines() if line.startswith("| tc")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[1] for row in cells] == ["product, dense", "product, sparse"]
    for row, kind in zip(cells, zoo.KINDS, strict=True):
        found = simulator.simulate("tc", kind.make(True), verify=False)
        assert row[2] == f"{found.cycles:,}"
        assert all(float(cell.replace(",", "")) > 0 for cell in row[3:])


def test_a_layer_that_is_refused_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(large: bool) -> simulator.Layer:
        raise InfeasibleError("no room")

    monkeypatch.setattr(zoo, "KINDS", (zoo.Kind("layer", refuse),))
    monkeypatch.setattr(sys, "argv", ["zoo", "tc"])
    zoo.main()
    assert "`tc` runs no layer: no room." in capsys.readouterr().out


def test_rows_of_some_machines_are_made_anew_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(name: str, layer: str) -> list[str]:
        return [name, layer, "1", "2", "3", "4", "5", "6"]

    before = zoo.told(
        [row(name, "layer") for name in ("gone", "stc", "tc")], ["`stc` runs no other: because."]
    )
    page = tmp_path / "speed.md"
    page.write_text(f"<!-- tables -->\n{before}\n<!-- end -->\n")
    monkeypatch.setattr(zoo, "row", lambda name, kind: row(name, kind.name))
    monkeypatch.setattr(sys, "argv", ["zoo", "sigma", "tc", "--page", str(page)])
    zoo.main()
    lines = page.read_text().splitlines()
    found = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines if line.startswith("| ")]
    kinds = [kind.name for kind in zoo.KINDS]
    assert found[2:] == [
        *(["sigma", kind] for kind in kinds),
        ["stc", "layer"],
        *(["tc", kind] for kind in kinds),
    ]
    assert "`stc` runs no other: because." in lines

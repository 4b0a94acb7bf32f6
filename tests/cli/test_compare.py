"""``sparsecycle compare`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator.record.comparison import RUNGS
from simulator.workload.layer import gemm
from simulator.workload.model import Trace
from simulator.workload.trace_file import save


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    layers = []
    for name, density in (("thin", 0.2), ("thick", 0.7)):
        weights = rng.integers(1, 8, (16, 64)) * (np.arange(64) % 4 < 2)
        inputs = rng.integers(1, 8, (64, 24)) * (rng.random((64, 24)) < density)
        layers.append(gemm(weights, inputs, name))
    path = tmp_path_factory.mktemp("traces") / "pair.h5"
    save(Trace("pair", tuple(layers)), path)
    return path


def test_a_table_of_what_every_assumption_costs(run, pair: Path) -> None:
    ran = run("compare", "dstc", pair)
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert " ".join(lines[0]) == "pair on dstc: sparseloop beside the simulation"
    rows = {line[0]: line[1:] for line in lines if line and line[0] in ("thin", "thick", "total")}
    for row in rows.values():
        numbers = [int(cell.replace(",", "")) for cell in row[:-1]]
        assert numbers[0] + sum(numbers[1:8]) == numbers[8]
        assert numbers[0] - numbers[8] == numbers[9]
    assert int(rows["total"][0]) == int(rows["thin"][0]) + int(rows["thick"][0])


def test_json_and_the_folder_say_the_same(run, pair: Path, tmp_path: Path) -> None:
    ran = run("compare", "dstc", pair, "--layers", "thin", "--json", "--out", tmp_path / "made")
    document = json.loads(ran.out)
    assert list(document["layers"][0]["rungs_cycles"]) == list(RUNGS)
    assert document == json.loads((tmp_path / "made" / "comparison.json").read_text("utf-8"))
    assert (tmp_path / "made" / "waterfall.png").read_bytes().startswith(b"\x89PNG")


def test_three_outside_the_tolerance_and_nought_within(run, pair: Path) -> None:
    ran = run("compare", "dstc", pair, "--layers", "thin", "--json")
    error = abs(100 * json.loads(ran.out)["layers"][0]["error_ratio"])
    assert run("compare", "dstc", pair, "--layers", "thin", "--tolerance", f"{error + 0.01:.2f}%").code == 0
    ran = run("compare", "dstc", pair, "--layers", "thin", "--tolerance", f"{error - 0.01:.2f}%")
    assert ran.code == 3
    assert "1 of 1 layers, worst thin" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dstc", "PAIR", "--tolerance", "5"), "--tolerance '5': expected a percentage, for example '5%'"),
        (("dstc",), "a comparison on machine 'dstc' needs a layer or a trace"),
        (("systolic", "PAIR"), "cannot be told as a design point"),
        (("dstc", "PAIR", "--against", "nowhere.txt"), "is an estimate of one layer; pair has 2"),
        (("dstc", "PAIR", "--layers", "thin", "--against", "nowhere.txt"), "nowhere.txt"),
        (("dstc", "PAIR", "--model", "sparselop"), "sparselop"),
        (("nothing", "PAIR"), "nothing"),
    ],
)
def test_one_error(run, pair: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run("compare", *(str(pair) if each == "PAIR" else each for each in arguments))
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""

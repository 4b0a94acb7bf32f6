"""Specifications of sweeps: what they mean, and the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import InputError
from simulator.sweeps import read
from simulator.sweeps.points import keyed, points_of

MANY = list(range(400))
BASE = "base: {machine: tc, trace: digits_cnn}\n"


def points(tmp_path: Path, text: str) -> list:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    return points_of(*read(path), tmp_path / "traces")


def test_a_grid_is_every_combination_in_order(tmp_path) -> None:
    found = points(
        tmp_path,
        BASE + "grid:\n  rung: [S0, truth]\n  set:\n    glb.banks: [2, 4]\n    glb.row: ['64 B']\n",
    )
    assert [(p.rung, p.set["glb.banks"]) for p in found] == [("S0", 2), ("S4", 2), ("S0", 4), ("S4", 4)]
    assert {p.set["glb.row"] for p in found} == {"64 B"}
    assert [p.index for p in found] == [0, 1, 2, 3]


def test_a_list_is_its_items_over_the_base(tmp_path) -> None:
    found = points(
        tmp_path,
        "base: {machine: tc, trace: digits_cnn, seed: 3, set: {glb.banks: 2}}\n"
        "list:\n  - {}\n  - {machine: stc, prune: '2:4', set: {glb.row: 32 B}}\n",
    )
    assert [(p.machine, p.prune, p.seed, p.set) for p in found] == [
        ("tc", "", 3, {"glb.banks": 2}),
        ("stc", "2:4", 3, {"glb.banks": 2, "glb.row": "32 B"}),
    ]


def test_keys_tell_points_apart_and_nothing_else_does(tmp_path) -> None:
    text = BASE + "grid: {seed: [0, 1]}\nlist: [{}, {rung: S0}]\n"
    first = keyed(points(tmp_path, text))
    assert len({p.key for p in first}) == 4
    again = keyed(points(tmp_path, text.replace("[0, 1]", "[1, 0]")))
    assert {p.key for p in again} == {p.key for p in first}
    assert [p.key for p in again] != [p.key for p in first]
    other = keyed(points(tmp_path, text.replace("tc", "stc")))
    assert not {p.key for p in other} & {p.key for p in first}


def test_files_are_looked_for_beside_the_specification(tmp_path, monkeypatch) -> None:
    from simulator.hardware import dump, load

    (tmp_path / "mine.yaml").write_text(dump(load("tc")))
    monkeypatch.chdir("/")
    (found,) = points(tmp_path, "base: {machine: mine.yaml, trace: digits_cnn}")
    assert found.machine_file == str(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bse: {}\n", "s.yaml:1:1: bse: unknown key; did you mean 'base'?"),
        (BASE + "grid:\n  machines: [tc]\n", "s.yaml:3:3: grid.machines: unknown key; did you mean 'machine'?"),
        (BASE + "grid:\n  machine: tc\n", "s.yaml:3:3: grid.machine: 'tc': input should be a valid list"),
        (BASE + "grid:\n  seed: [0, x]\n", "s.yaml:3:13: grid.seed.1: 'x': input should be a valid integer"),
        (BASE + "grid:\n  machine: []\n", "s.yaml:3:3: grid.machine: "),
        (BASE + "grid:\n  set:\n    glb.row: []\n", "grid.set: a list must not be empty"),
        (BASE + "list:\n  - {}\n  - {verify: yes}\n", "s.yaml:4:6: list.1.verify: 'yes': input should be 'auto', 'full' or 'off'"),
        ("base: {machine: tcc, trace: digits_cnn}", "s.yaml:1:8: base.machine: no machine called 'tcc'"),
        (BASE + "grid:\n  machine: [tc, tcc]\n", "s.yaml:3:17: grid.machine.1: no machine called 'tcc'"),
        (BASE + "list:\n  - {trace: digits}\n", "s.yaml:3:6: list.0.trace: digits: no such trace file"),
        (BASE + "list:\n  - {rung: S9}\n", "s.yaml:3:6: list.0.rung: unknown rung 'S9'"),
        (BASE + "list:\n  - {engine: quick}\n", "s.yaml:3:6: list.0.engine: unknown engine 'quick'"),
        (BASE + "list:\n  - {prune: '2of4'}\n", "s.yaml:3:6: list.0.prune: "),
        (BASE + "list:\n  - {recipe: resnet}\n", "s.yaml:3:6: list.0.recipe: no recipe 'resnet'"),
        (BASE + "grid:\n  set: {glb.rwo: [64 B]}\n", "s.yaml:3:9: grid.set.glb.rwo: unknown parameter; did you mean 'glb.row'?"),
        ("base: {trace: digits_cnn}", "no machine: name one in base, grid or list"),
        ("base: {machine: tc}", "neither a trace nor a recipe"),
        ("base: {machine: tc, trace: a, recipe: b}", "a trace and a recipe"),
        (BASE + f"grid:\n  seed: {MANY}\n  set: {{glb.banks: {MANY}}}", "160,000 points: at most 100,000"),
        ("- a\n- b\n", "s.yaml:1:1: sweep: input should be a valid dictionary"),
        ("base: {machine: tc", "s.yaml:2:1: not YAML"),
    ],
)  # fmt: skip
def test_mistakes_have_their_place(tmp_path, text, told) -> None:
    with pytest.raises(InputError) as error:
        points(tmp_path, text)
    assert told in str(error.value)


def test_what_is_no_file_is_told_without_lines() -> None:
    with pytest.raises(InputError, match=r"^sweep: base.machne: unknown key; did you mean 'machine'\?"):
        read({"base": {"machne": "tc"}})

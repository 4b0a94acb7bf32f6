"""Files of a folder: which is read for what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.frontend.timeloop import load, loads
from simulator.frontend.timeloop.named import locate, names
from simulator.hardware import names as machines
from simulator.hardware.document import parse
from simulator.paths import data_root

MATMUL = data_root("hwconfigs") / "design_points" / "matmul.yaml"


def parts() -> dict[str, str]:
    """The sections of an example as texts."""
    found: dict[str, str] = {}
    name = ""
    for line in MATMUL.read_text().splitlines(keepends=True):
        if line[0] not in " #-":
            name = line.partition(":")[0]
        if name:
            found[name] = found.get(name, "") + line
    return found


def scattered(folder: Path) -> Path:
    """The example with a file per section."""
    for name, text in parts().items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    point = load(scattered(tmp_path))
    assert point.nest == load(MATMUL).nest
    assert point.hierarchy == load(MATMUL).hierarchy
    assert point.energies.energy_pj == load(MATMUL).energies.energy_pj
    assert locate(str(tmp_path)) == tmp_path


def test_files_may_be_named_one_by_one(tmp_path: Path) -> None:
    files = sorted(scattered(tmp_path).iterdir())
    assert load(files).nest == load(MATMUL).nest


def test_a_named_file_comes_before_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    other = tmp_path / "other.yaml"
    other.write_text(
        parts()["mapping"].replace("factors: K=4,", "factors: K=2,").replace("M=2 N=2,", "M=2 N=2 K=2,")
    )
    assert load([scattered(folder), other]).nest.levels[0].temporal[0].rank == "K"


def test_what_is_missing_is_taken_from_the_folder_above(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    scattered(tmp_path)
    (tmp_path / "problem.yaml").rename(case / "problem.yaml")
    assert load(case).product == load(MATMUL).product
    assert load(case).name == "case"


def test_a_file_that_lacks_sections_is_completed_by_its_folder(tmp_path: Path) -> None:
    scattered(tmp_path)
    point = load(tmp_path / "problem.yaml")
    assert point.nest == load(MATMUL).nest
    assert point.energies.energy_pj == load(MATMUL).energies.energy_pj


def test_a_complete_file_takes_nothing_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ERT.yaml").write_text(
        "ERT: {version: 0.4, tables: [{name: DRAM, actions: [{name: read, energy: 1}]}]}"
    )
    file = tmp_path / "all.yaml"
    file.write_text(MATMUL.read_text().partition("ERT:")[0])
    assert load(file).energies.energy_pj == {}


def test_a_broken_file_of_the_folder_above_is_told_and_one_inside_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    scattered(case)
    (tmp_path / "other.yaml").write_text("a: [")
    assert not load(case).unmodelled
    (tmp_path / "broken.yaml").write_text("problem: [")
    assert any("broken.yaml" in note and "not read" in note for note in load(case).unmodelled)
    (case / "broken.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"broken\.yaml:2:1: not YAML"):
        load(case)


def test_several_problems_need_a_choice_and_take_their_mapping(tmp_path: Path) -> None:
    told = parts()
    scattered(tmp_path)
    for name in ("problem", "mapping"):
        (tmp_path / f"{name}.yaml").unlink()
        (tmp_path / f"L1_{name}.yaml").write_text(told[name])
        (tmp_path / f"L2_{name}.yaml").write_text(
            told[name].replace("M: 32", "M: 64").replace("factors: M=2 N=2", "factors: M=4 N=2")
        )
    with pytest.raises(
        InputError, match=r"several files have a problem: L1_problem.yaml, L2_problem.yaml; name one"
    ):
        load(tmp_path)
    assert load(tmp_path, problem="L2").product.size("M") == 64
    assert load(tmp_path, problem="L1_problem.yaml").product.size("M") == 32
    with pytest.raises(InputError, match=r"the factors of 'M', 4 x 4 x 4, make 64; its size is 32"):
        load(tmp_path, problem="L1", mapping="L2")
    with pytest.raises(
        InputError, match=r"no file 'L3' with a problem; choices: L1_problem.yaml, L2_problem.yaml"
    ):
        load(tmp_path, problem="L3")


def test_the_mapping_a_mapper_found_is_read_instead_of_constraints(tmp_path: Path) -> None:
    told = parts()["mapping"]
    scattered(tmp_path)
    (tmp_path / "mapping.yaml").write_text(told.replace("factors: K=4,", "factors: K<=4,"))
    (tmp_path / "timeloop-mapper.map.yaml").write_text(told.replace("target: PE", "target: inter_PE_spatial"))
    point = load(tmp_path)
    assert point.nest == load(MATMUL).nest
    assert any("constraints of a search" in note for note in point.unmodelled)


def test_sections_that_are_not_read_are_told(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(MATMUL.read_text() + "mapper: {algorithm: random}\nsurprise: 1\n")
    mapper, surprise = load(file).unmodelled
    assert mapper == f"{file}: mapper: not read, a mapping is given"
    assert re.fullmatch(rf"{re.escape(str(file))}:[0-9]+:1: surprise: not modelled", surprise)


@pytest.mark.parametrize("missing", ["architecture", "problem", "mapping"])
def test_a_missing_section_is_named(missing: str) -> None:
    text = "".join(part for name, part in parts().items() if name != missing)
    with pytest.raises(InputError, match=f"text: no '{missing}'"):
        loads(text)


def test_no_files_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.yaml files"):
        load(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_machines_and_traces_are_no_specifications() -> None:
    assert locate(str(data_root("hwconfigs") / "tc.yaml")) is None
    assert locate("no such thing") is None
    assert locate("matmul") == MATMUL


def test_names_mean_one_thing() -> None:
    assert not set(names()) & set(machines())
    assert set(names()) >= {
        "matmul",
        "spmspm",
        "conv_gating",
        "outer_product",
        "mttkrp",
        "sparse_tensor_core",
    }


def test_anchors_and_merge_keys_of_other_tools_are_read_and_ours_refuse_them() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n"
    assert parse(text, "t", foreign=True).data["b"] == {"y": 3, "x": 1}
    assert parse(text, "t").faults
    several = parse("a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b]}\n", "t", foreign=True)
    assert several.data["c"] == {"x": 1, "y": 3}
    assert parse("a: {<<: 3}", "t", foreign=True).faults


def test_a_machine_that_lacks_its_organisation_is_still_a_machine(tmp_path: Path) -> None:
    text = (data_root("hwconfigs") / "tc.yaml").read_text()
    file = tmp_path / "tc.yaml"
    file.write_text(text.replace("organisation: stationary\n", "") + "\nmapping: {}\n")
    assert locate(str(file)) is None

"""``import timeloop``, and ``show`` of specifications."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.frontend.timeloop import load, loads
from simulator.frontend.timeloop.named import names
from simulator.paths import data_root

EXAMPLES = data_root("hwconfigs") / "design_points"


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return int(stop.value.code or 0)


@pytest.mark.parametrize("name", names())
def test_example_is_resolved_to_one_file(name: str, tmp_path: Path) -> None:
    out = tmp_path / "resolved.yaml"
    assert run("import", "timeloop", str(EXAMPLES / f"{name}.yaml"), "--out", str(out)) == 0
    again = load(out)
    assert again == load(EXAMPLES / f"{name}.yaml")


def test_resolved_text_goes_to_stdout_and_what_is_not_understood_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (EXAMPLES / "matmul.yaml").read_text()
    file = tmp_path / "own.yaml"
    file.write_text(
        text.replace("depth: 256,", "depth: 256, network_fill_latency: 3,") + "mapper: {algorithm: random}\n"
    )
    assert run("import", "timeloop", str(file), "--version", "0.3") == 0
    printed = capsys.readouterr()
    assert loads(printed.out).nest == load(EXAMPLES / "matmul.yaml").nest
    assert "data-spaces" in printed.out
    told = [line for line in printed.err.splitlines() if line.startswith("not modelled")]
    assert len(told) == 2
    assert f"read mapping: {file}" in printed.err.splitlines()
    assert "mapper" in told[0]
    assert "network_fill_latency = 3" in told[1]


def test_plain_file_has_sections_of_timeloop_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", "timeloop", str(EXAMPLES / "matmul.yaml"), "--plain") == 0
    text = capsys.readouterr().out
    assert "sparsecycle" not in text
    assert "cycles:" not in text
    point, again = load(EXAMPLES / "matmul.yaml"), loads(text)
    assert (again.product, again.nest, again.features) == (point.product, point.nest, point.features)


def test_unwritable_file_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("import", "timeloop", str(EXAMPLES / "matmul.yaml"), "--out", str(tmp_path / "no" / "x.yaml"))
        == 2
    )
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("name", names())
def test_show_tells_nest_levels_and_defaults(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", name) == 0
    printed = capsys.readouterr().out
    point = load(EXAMPLES / f"{name}.yaml")
    assert point.product.text in printed
    assert all(storage.name in printed for storage in point.hierarchy.storage)
    for line in point.nest.text.splitlines():
        assert line in printed
    assert "latency 1 cycle, queue 2 transfers, slots 2 where two tiles fit" in printed


def test_show_of_a_folder_tells_which_file_is_read_for_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _, after = (EXAMPLES / "matmul.yaml").read_text().partition("mapping:\n")
    (tmp_path / "rest.yaml").write_text(before)
    (tmp_path / "map.yaml").write_text(f"mapping:\n{after}")
    assert run("show", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert f"read mapping: {tmp_path / 'map.yaml'}" in printed
    assert f"read problem: {tmp_path / 'rest.yaml'}" in printed


def test_show_as_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "spmspm", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "design point"
    assert told["occupancy"]["A"]["density"] == "1/4"
    assert told["nest"]["levels"][1]["keeps"] == ["A", "B", "Z"]

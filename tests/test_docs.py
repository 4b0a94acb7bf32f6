"""The examples of the README and the pages run as they are written; what cannot is named with the reason."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

import simulator
from simulator import Trace
from simulator.cli.main import cli, main
from simulator.hardware import dump, load, parameters
from simulator.workload.trace_file import save
from validation.benchmarks.checkpoint import Sizes, write

ROOT = Path(__file__).parents[1]
PAGES = tuple(
    str(page.relative_to(ROOT))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
)
NOT_RUN = {
    "python3 -m venv": "installs; .ci/run does the same from a copy of the tracked files, and the first example as it is written",
    ".venv/bin/pytest": "is this suite",
    ".ci/run": "runs this suite",
    "sparsecycle validate sparseloop --data": "needs recorded statistics that are not part of this tree",
    "sparsecycle compare DIR --against": "needs what the real tools wrote of DIR",
    "sparsecycle sweep bandwidth.yaml --out sweep/ --cluster": "needs a cluster; tests/sweeps starts one of its own",
    "sparsecycle validate highlight_edp": "minutes; its claims are those of tests/validation",
}
"""Commands that are not run, by how they begin, and why."""
OPTIONAL = ("torch",)
"""Packages of extras that examples import: where one is missing, its examples are left out, and the test says so."""
HEAVY = (
    "sparsecycle plot out/ wide/ s0/",
    "sparsecycle compare highlight",
    "sparsecycle compare dstc",
    "sparsecycle validate highlight",
    "sparsecycle trace make resnet50_shapes",
    "sparsecycle run highlight traces/digits_cnn.h5 --out",
    "sparsecycle run highlight big.h5 --out big/ --jobs",
    "sparsecycle sweep bandwidth.yaml --out",
    "sparsecycle tasder ttc_vegeta_m8 digits_cnn",
    "sparsecycle run ttc_vegeta_m8 digits_cnn --layers",
)
"""Commands that are run with --examples only, as the continuous integration does: seconds each."""
NEEDS = {
    "sparsecycle tasder ttc_vegeta_m8 digits_cnn": "sklearn",
    "sparsecycle run ttc_vegeta_m8 digits_cnn --layers": "sklearn",
}
"""Packages of extras that commands need, or those whose files they read: where one is missing they are left out, and told."""
CODES = {"sparsecycle compare dstc digits_cnn --model roofline": 3}
"""Commands that end with another code than 0: an estimate outside its tolerance is one."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.S | re.M)


def commands(page: str) -> list[str]:
    lines = (line for block in blocks(page, "sh") for line in block.splitlines())
    return [
        " ".join(shlex.quote(word) for word in shlex.split(line, comments=True)) for line in lines if line
    ]


def not_run(command: str) -> bool:
    return command.startswith("python -m ") or any(command.startswith(start) for start in NOT_RUN)


@pytest.fixture
def place(files: Path, tmp_path: Path) -> Path:
    """A copy of them of a page's own."""
    return Path(shutil.copytree(files, tmp_path / "place", symlinks=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that an example names."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "traces").symlink_to(ROOT / "traces")
    (folder / "bandwidth.yaml").symlink_to(ROOT / "docs" / "examples" / "bandwidth.yaml")
    (folder / "weights.smtx").write_text("2, 3, 2\n0 1 2\n0 2\n")
    (folder / "topology.csv").write_text("Layer, M, N, K,\nfc, 16, 8, 32,\n")
    (folder / "my.yaml").write_text(dump(load("highlight")))
    rng = np.random.default_rng(0)
    layers = tuple(
        simulator.gemm(rng.random((rows, 64)) < 0.3, rng.random((64, 48)) < 0.5, f"fc{rows}")
        for rows in (64, 96)
    )
    for name in ("my.h5", "big.h5"):
        save(Trace(name, layers), folder / name)
    _specification(folder / "DIR")
    _model(folder)
    write(Sizes(hidden=32, between=64, vocabulary=20, blocks=1), folder, samples=40)
    with simulator.load_trace("digits_cnn") as trace:
        for machine, file in (("highlight", "result.h5"), ("tc", "baseline.h5")):
            (folder / "out").mkdir(exist_ok=True)
            small = Trace(trace.name, tuple(layer for layer in trace.layers if layer.name.endswith("fc2")))
            simulator.simulate(machine, small).save(folder / "out" / file)
    return folder


def _specification(folder: Path) -> None:
    """A design point of hwconfigs/ in files of its sections."""
    folder.mkdir()
    text = (ROOT / "hwconfigs" / "design_points" / "spmspm.yaml").read_text()
    for section in re.split(r"^(?=[a-z_]+:)", text, flags=re.M)[1:]:
        name = section.partition(":")[0]
        (folder / ("L07_problem.yaml" if name == "problem" else f"{name}.yaml")).write_text(section)


def _model(folder: Path) -> None:
    """A model of one product, and inputs for it."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).standard_normal((32, 16)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["y"], name="fc")],
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [8, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [8, 16])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "images.npz", x=np.ones((8, 32), np.float32))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python_examples_run(page: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, each with the names of those before it on the page."""
    monkeypatch.chdir(place)
    names: dict[str, object] = {}
    left_out = []
    for example in blocks(page, "python"):
        absent = [name for name in OPTIONAL if f"import {name}" in example and find_spec(name) is None]
        if absent:
            left_out.append(f"an example needs {absent[0]}")
        else:
            exec(compile(example, page, "exec"), names)
    if left_out:
        pytest.skip(f"{page}: left out: {', '.join(left_out)}")


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_commands_run(
    page: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(place)
    heavy, left_out, long = request.config.getoption("--examples"), [], False
    for command in commands(page):
        if not_run(command):
            continue
        if command.startswith(HEAVY) and not heavy:
            long = True
            continue
        absent = [
            name for start, name in NEEDS.items() if command.startswith(start) and find_spec(name) is None
        ]
        if absent:
            left_out.append(f"{command} needs {absent[0]}")
            continue
        program, *words = shlex.split(command)
        assert program == "sparsecycle", f"{page}: {command}: is neither run nor said not to be"
        with pytest.raises(SystemExit) as stop:
            main(words)
        told = capsys.readouterr()
        expected = next((code for start, code in CODES.items() if command.startswith(start)), 0)
        assert (stop.value.code or 0) == expected, f"{page}: {command}\n{told.err}"
    if left_out:
        more = "; and, without --examples, what takes seconds" if long else ""
        pytest.skip(f"{page}: left out: {'; '.join(left_out)}{more}")


def test_everything_that_is_not_run_is_there() -> None:
    everything = [command for page in PAGES for command in commands(page)]
    for start in (*NOT_RUN, *HEAVY, *NEEDS, *CODES):
        assert any(command.startswith(start) for command in everything), start


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any("python -m" in text for text in blocks(page, "sh"))]
)
def test_programs_that_take_long_know_their_options(
    page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are not run, but asked what they take."""
    for command in commands(page):
        if not command.startswith("python -m "):
            continue
        _, _, module, *words = shlex.split(command)
        program = import_module(
            module if not (ROOT / Path(*module.split("."))).is_dir() else f"{module}.__main__"
        )
        monkeypatch.setattr(sys, "argv", [module, "--help"])
        with pytest.raises(SystemExit) as stop:
            program.main()
        assert not stop.value.code
        known = capsys.readouterr().out
        for word in words:
            assert not word.startswith("--") or word in known, f"{page}: {command}: no {word}"


@cache
def inline(page: str) -> tuple[str, ...]:
    """Commands within sentences."""
    return tuple(re.findall(r"`sparsecycle ([a-z][^`]*)`", (ROOT / page).read_text()))


def _options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)


@pytest.mark.parametrize("page", [page for page in PAGES if inline(page)])
def test_commands_in_sentences_exist(page: str) -> None:
    for text in inline(page):
        verb, *words = text.split()
        command: click.Command | None = cli.get_command(click.Context(cli), verb)
        assert command is not None, f"{page}: {text}: no verb {verb!r}"
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = set(_options(command))
        for word in words:
            if re.match(r"--?[a-z]", word):
                assert re.split(r"[=\]]", word)[0] in known, f"{page}: {text}: no option {word}"


@pytest.mark.parametrize("page", PAGES)
def test_yaml_examples_are_yaml(page: str) -> None:
    for example in blocks(page, "yaml"):
        assert yaml.safe_load(example)


def test_the_example_of_sweeps_is_the_file() -> None:
    (example,) = blocks("docs/sweep.md", "yaml")
    assert yaml.safe_load(example) == yaml.safe_load(
        (ROOT / "docs" / "examples" / "bandwidth.yaml").read_text()
    )


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_assumed_numbers_are_counted_right() -> None:
    told = re.search(r"\[(\d+) of its numbers\]", (ROOT / "README.md").read_text())
    assert told is not None
    assumed = [p for p in parameters(simulator.load("highlight")) if p.assumed]
    assert int(told.group(1)) == len(assumed)

"""Whatever is wrong with the input: one clear message, the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from simulator.cli.plot import KINDS
from simulator.hardware import dump, load, names
from simulator.paths import data_path
from simulator.workload.layer import gemm
from simulator.workload.model import Trace
from simulator.workload.trace_file import save

QUICK = ("--engine", "reference", "--no-plot", "--baseline", "none")


@pytest.fixture
def refused(run, tmp_path, monkeypatch):
    """Run a command that must fail in an empty folder; its messages, one a line."""

    def command(code: int, *args: object) -> list[str]:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        monkeypatch.chdir(work)
        ran = run(*args)
        assert ran.code == code, ran.err
        assert ran.out == ""
        assert "Traceback" not in ran.err
        assert "unexpected" not in ran.err
        assert list(work.iterdir()) == []
        return ran.err.splitlines()

    return command


def _foreign(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(9)


def _flipped(path: Path, toy: Path) -> None:
    """One bit of the weights."""
    with h5py.File(toy) as file:
        place = file["layers/0000/weights"].id.get_offset()
    content = bytearray(toy.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


DAMAGED = {
    "truncated": (lambda path, toy: path.write_bytes(toy.read_bytes()[:-500]), "truncated HDF5"),
    "only the start": (lambda path, toy: path.write_bytes(toy.read_bytes()[:10]), "not readable HDF5"),
    "empty": (lambda path, toy: path.write_bytes(b""), "not an HDF5 file"),
    "text": (lambda path, toy: path.write_text("layer: 1\n"), "not an HDF5 file"),
    "foreign": (lambda path, toy: _foreign(path), "an HDF5 file of another program"),
    "one bit": (_flipped, "the file is damaged"),
    "folder": (lambda path, toy: path.mkdir(), "is a folder"),
    "missing": (lambda path, toy: None, "no such"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_and_foreign_traces(refused, toy, tmp_path, damage: str) -> None:
    make, rule = DAMAGED[damage]
    path = tmp_path / "bad.h5"
    make(path, toy)
    verbs = [("run", "highlight", path, "--out", "out", *QUICK), ("check", path)]
    verbs += [] if damage == "one bit" else [("trace", "info", path), ("show", path), ("plot", path)]
    for args in verbs:
        (message,) = refused(2, *args)
        assert message.startswith(f"error: {path}: ")
        assert rule in message or (args[0] == "plot" and "has no result.h5" in message)


def test_a_trace_without_layers(refused, tmp_path) -> None:
    path = tmp_path / "none.h5"
    save(Trace("none", ()), path)
    (message,) = refused(2, "run", "highlight", path, "--out", "out", *QUICK)
    assert message == f"error: {path}: has no layers to run"


@pytest.mark.parametrize("pattern", ["1:3", "C1(2:8)->C0(1:4)"])
def test_a_pattern_the_machine_does_not_support(run, refused, tmp_path, pattern: str) -> None:
    path = tmp_path / "odd.h5"
    weights = np.zeros((8, 24), np.int8)
    weights[:, 0] = 1
    save(Trace("odd", (gemm(weights, np.ones((24, 4), np.int8), name="odd/fc", pattern=pattern),)), path)
    rule = f"layer 'odd/fc': machine 'highlight' does not support weights {pattern}; it supports "
    (message,) = refused(2, "run", "highlight", path, "--out", "out", *QUICK)
    assert message.startswith(f"error: {rule}C1(4:{{4..8}})->C0(2:{{2..4}})")
    checked = run("check", "highlight", path)
    assert (checked.code, checked.out) == (2, f"ok highlight\nok {path}\n")
    assert checked.err.startswith(f"error: {path} on highlight: {rule}")


def test_weights_that_break_their_pattern_are_told_with_their_place(refused, faulty) -> None:
    (message,) = refused(2, "run", "highlight", faulty, "--out", "out", *QUICK)
    assert message.startswith("error: layer 'lies': its weights do not satisfy the declared pattern 2:4")
    assert "fiber (0), coordinates 0..3" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("glb.data_capacity=64 B", "mapping does not fit the GLB"),
        ("glb.metadata_capacity=8 B", "mapping does not fit the GLB"),
        ("mapping.tile.N=100000", "mapping.tile.N is 100000"),
    ],
)
def test_what_cannot_be_mapped_is_infeasible(refused, toy, change: str, message: str) -> None:
    (told,) = refused(4, "run", "highlight", toy, "--out", "out", *QUICK, "--set", change)
    assert told.startswith("error: layer 's75/fc1'")
    assert message in told


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ("glb.data_capacity=1 KiB", ("mapping does not fit the GLB", "the GLB has 1024 B")),
        ("fetch.rows=1", ("inputs of a step span ", "GLB rows, fetch.rows is 1")),
    ],
)
def test_a_buffer_too_small_for_the_committed_trace(refused, change: str, messages: tuple[str, ...]) -> None:
    options = ("--layers", "s75/conv2", "--set", change)
    (told,) = refused(4, "run", "highlight", "digits_cnn", "--out", "out", *QUICK, *options)
    assert told.startswith("error: layer 's75/conv2'")
    assert all(message in told for message in messages)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("glb.read_bandwidth=64", "'64': a quantity in byte/cycle needs a unit, for example '64 B/cycle'"),
        ("glb.read_bandwidth=64 B", "'64 B': the unit must be one of byte/cycle"),
        ("glb.read_bandwidth=64 furlong/cycle", "unknown byte unit 'furlong'"),
        ("glb.read_bandwidth=0 B/cycle", "must be above 0"),
        ("glb.read_bandwidth=-1 B/cycle", "expected '<number> <unit>' in byte/cycle"),
        ("glb.read_bandwidth=nan B/cycle", "expected '<number> <unit>' in byte/cycle"),
        ("glb.read_bandwidth=1/3 B/cycle", "expected '<number> <unit>' in byte/cycle"),
        ("glb.read_bandwidth=1e400 B/cycle", "expected '<number> <unit>' in byte/cycle"),
        ("glb.data_capacity=9e30 GiB", "larger than 2**62"),
        ("dram.latency=0.5 cycle", "must be a whole number of cycles"),
        ("mapping.tile.K=0", "0: must be between 1"),
        ("mapping.tile.K=-1", "must be a whole number without a unit"),
        ("mapping.tile.K=2 B", "must be a whole number without a unit"),
        ("fetch.rows=0", "0: must be between 1"),
        ("energy_table=cmos54", "unknown energy table 'cmos54'; did you mean 'cmos45'"),
        ("energy_table=nowhere.yaml", "energy table nowhere.yaml: no such file"),
        ("glb.rwo=64 B", "unknown parameter; did you mean 'glb.row'"),
        ("name=mine", "unknown parameter"),
    ],
)
def test_a_bad_value_is_told_with_its_path_and_rule(refused, toy, change: str, message: str) -> None:
    (told,) = refused(2, "run", "highlight", toy, "--out", "out", *QUICK, "--set", change)
    assert told.startswith(f"error: override {change.partition('=')[0]}: ")
    assert message in told


def test_several_bad_values_are_told_at_once(refused, toy) -> None:
    changes = ("glb.rwo=64 B", "dram.bandwidth=3", "fetch.rows=0")
    options = [word for change in changes for word in ("--set", change)]
    messages = refused(2, "run", "highlight", toy, "--out", "out", *QUICK, *options)
    assert len(messages) == len(changes)
    for message, change in zip(sorted(messages), sorted(changes), strict=True):
        assert message.startswith(f"error: override {change.partition('=')[0]}: ")


FILES = {
    "unit": (("42 B/cycle", "42 B"), "components.glb.read_bandwidth.value: '42 B': the unit must be one of"),
    "bare number": (
        ("42 B/cycle", "42"),
        "components.glb.read_bandwidth.value: 42: a quantity in byte/cycle",
    ),
    "duplicate key": (
        ("value_bits:", "name: twice\nvalue_bits:"),
        "name: duplicate key, first given in line 1",
    ),
    "misspelt key": (("\n  dram:", "\n  drma:"), "components.drma: unknown key; did you mean 'dram'?"),
    "no energy table": (
        ("cmos45", "lost.yaml"),
        "energy_table: 'lost.yaml': energy table lost.yaml: no such file",
    ),
    "no YAML": (("name: highlight", "name: [highlight"), "not YAML"),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_bad_machine_is_told_with_line_and_column(refused, toy, tmp_path, fault: str) -> None:
    (old, new), rule = FILES[fault]
    text, path = dump(load("highlight")), tmp_path / "bad.yaml"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for args in (("run", path, toy, "--out", "out"), ("check", path), ("show", path)):
        (message,) = refused(2, *args)
        place, _, told = message.removeprefix(f"error: {path}:").partition(": ")
        assert all(number.isdigit() for number in place.split(":"))
        assert told.startswith(rule)


def test_several_faults_are_told_at_once(refused, toy, tmp_path) -> None:
    text, path = dump(load("highlight")), tmp_path / "bad.yaml"
    for fault in ("unit", "misspelt key", "no energy table"):
        text = text.replace(*FILES[fault][0], 1)
    path.write_text(text, encoding="utf-8")
    messages = refused(2, "run", path, toy, "--out", "out")
    assert len(messages) == 3
    for fault in ("unit", "misspelt key", "no energy table"):
        assert sum(FILES[fault][1] in message for message in messages) == 1


@pytest.mark.parametrize("content", [b"", b"- a\n", b"\xff\xfe", b"\x00\x01\x02", b"name"])
def test_what_is_no_machine_at_all(refused, tmp_path, content: bytes) -> None:
    path = tmp_path / "no.yaml"
    path.write_bytes(content)
    (message,) = refused(2, "check", path)
    assert message.startswith(f"error: {path}:")


def test_things_of_another_kind(refused, toy, tmp_path) -> None:
    (message,) = refused(2, "run", toy, "highlight", "--out", "out")
    assert message.startswith(f"error: {toy}: is an HDF5 file, expected a machine")
    (message,) = refused(2, "run", "highlight", data_path("hwconfigs", "tc.yaml"), "--out", "out")
    assert message.endswith("tc.yaml: not an HDF5 file")
    for verb in ("show", "check"):
        (message,) = refused(2, verb, tmp_path)
        assert message.startswith(f"error: {tmp_path}: is a folder without result.h5")
    (message,) = refused(2, "plot", "nowhere")
    assert message == "error: nowhere: no such file or folder; give what `sparsecycle run` wrote"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("run", "hihglight", "digits_cnn", "--out", "out"),
            f"did you mean 'highlight'? choices: {', '.join(names())}",
        ),
        (("run", "tc", "digts_cnn", "--out", "out"), "did you mean 'digits_cnn'? choices: digits_cnn"),
        (("run", "tc", "digits_cnn", "--out", "out", "--layers", "s75/conv9"), "did you mean 's75/conv3'?"),
        (("run", "tc", "digits_cnn", "--out", "out", "--seed", "-1"), "-1 is not in the range"),
        (("plot", "out", "--kind", "timelin"), f"'timelin' is not one of {', '.join(map(repr, KINDS))}"),
        (("trace", "make", "resnet50"), "mobilenet_v2_shapes, resnet50_shapes, text_transformer"),
        (
            ("trace", "make", "resnet50_shapes", "--option", "density=2"),
            "density='2': must be a number from 0 to 1",
        ),
        (("trace", "make", "resnet50_shapes", "--option", "density=nan"), "density='nan': must be a number"),
        (("trace", "make", "resnet50_shapes", "--option", "batch=0"), "batch=0: must be at least 1"),
        (("trace", "make", "resnet50_shapes", "-o", "no/where.h5"), "no folder no"),
    ],
)
def test_unknown_names_come_with_the_choices(refused, args: tuple[str, ...], message: str) -> None:
    *_, last = refused(2, *args)
    assert message in last


def test_out_that_exists_is_a_file_or_cannot_be_written(run, toy, tmp_path) -> None:
    file, full = tmp_path / "file", tmp_path / "full"
    file.write_text("mine", encoding="utf-8")
    full.mkdir()
    (full / "notes").write_text("mine", encoding="utf-8")
    for out, rule in (
        (file, "is a file, not a folder"),
        (file / "deep" / "out", f"{file} is a file, not a folder"),
        (full, "is not empty; give --force"),
        (Path("/proc/out"), "/proc cannot be written"),
    ):
        ran = run("run", "highlight", toy, "--out", out, *QUICK)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"error: --out {out}: ")
        assert rule in ran.err
        assert len(ran.err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "notes"]


def test_an_energy_table_without_an_action_writes_nothing(refused, toy, tmp_path) -> None:
    path = tmp_path / "few.yaml"
    path.write_text(
        "name: few\ndescription: two rows\nrows:\n"
        "  mac: {energy: '1 pJ', per: one, node: '45 nm', assumed: for a test}\n",
        encoding="utf-8",
    )
    (message,) = refused(2, "run", "highlight", toy, "--out", "out", *QUICK, "--set", f"energy_table={path}")
    assert "dram_read" in message


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_ctrl_c_in_a_run_leaves_a_readable_partial_result(run, tmp_path) -> None:
    rng = np.random.default_rng(0)
    small, large = ((rng.random((16, 64)) < 0.5, rng.random((64, n)) < 0.5) for n in (16, 60_000))
    save(Trace("two", (gemm(*small, name="small"), gemm(*large, name="large"))), tmp_path / "two.h5")
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-c",
        INTERRUPTED,
        "run",
        "tc",
        str(tmp_path / "two.h5"),
        "--out",
        str(out),
        *QUICK,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "small\n"
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert (
        told.strip()
        == f"interrupted: finished layers of tc are in {out}, marked incomplete; the same command continues"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "two.h5"]
    shown = run("show", out)
    assert shown.code == 0
    assert shown.out.startswith("incomplete: the run was interrupted; only finished layers are listed")
    assert " small " in shown.out
    assert " large " not in shown.out
    assert run("plot", out).code == 0


INTERRUPTED = """
from simulator.api import simulation
from simulator.cli.main import main

layer = simulation.layer_result

def finished(*args):
    done = layer(*args)
    print(done.name, flush=True)
    return done

simulation.layer_result = finished
main()
"""

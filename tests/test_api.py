"""The public interface, as a user writes it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import simulator
from simulator.api import simulation
from simulator.hardware.organisations.packed import Packed
from simulator.registry import names
from simulator.workload.model import Trace

HEAVY = ("numba", "h5py", "matplotlib", "simpy", "pydantic")
RUNGS = {"totals": "S0", "balance": "S1", "order": "S2", "buffers": "S3", "truth": "S4"}
STALLS = {"starved", "refill", "conflict", "blocked", "drained", "disabled"}
KINDS = ("int8", "float32", "bool")


def _array(kind: str, *shape: int) -> np.ndarray:
    values = np.random.default_rng(sum(shape)).integers(-3, 4, shape)
    return values.astype(kind)


def _small(name: str = "layer") -> simulator.Layer:
    return simulator.gemm(_array("int8", 20, 40), _array("int8", 40, 12), name=name)


@pytest.fixture(scope="module")
def result() -> simulator.Result:
    return simulator.simulate("highlight", Trace("two", (_small("a"), _small("b"))), engine="reference")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import simulator, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_every_public_name_is_there_and_no_other() -> None:
    assert {"load", "gemm", "conv2d", "simulate", "Interrupted"} <= set(simulator.__all__)
    assert all(getattr(simulator, name) is not None for name in simulator.__all__)
    assert dir(simulator) == sorted(simulator.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'simulatte'"):
        _ = simulator.simulatte


def test_machines_traces_and_results_are_loaded_by_one_door(result, tmp_path: Path) -> None:
    result.save(tmp_path / "result.h5")
    assert simulator.load(tmp_path) == simulator.load(tmp_path / "result.h5") == result
    assert simulator.load("highlight").name == "highlight"
    with simulator.load("digits_cnn") as trace:
        assert len(trace.layers) == 20


def test_a_machine_or_a_trace_is_loaded_as_such(result, tmp_path: Path) -> None:
    result.save(tmp_path / "result.h5")
    assert simulator.load_machine("sigma") == simulator.load("sigma")
    changed = simulator.load_machine("sigma", Packed, {"glb.row": "32 B"})
    assert changed.components.glb.row.value == 32
    assert simulator.load_trace("digits_cnn").digest == simulator.load("digits_cnn").digest
    wrong = [
        (lambda: simulator.load_machine("digits_cnn"), "digits_cnn: expected a machine, got a Trace"),
        (lambda: simulator.load_machine(tmp_path), "expected a machine, got a Result"),
        (
            lambda: simulator.load_machine("tc", Packed),
            "machine 'tc' is of organisation 'stationary', not Packed",
        ),
        (lambda: simulator.load_machine("sigma", Packed, {"glb.rows": "1 B"}), "glb.rows: unknown parameter"),
        (lambda: simulator.load_trace("sigma"), "sigma: expected a trace, got a Packed"),
    ]
    for call, message in wrong:
        with pytest.raises(simulator.InputError) as caught:
            call()
        assert message in str(caught.value)


def test_a_saved_result_is_the_result(result, tmp_path: Path) -> None:
    result.save(str(tmp_path / "r.h5"))
    found = simulator.load(tmp_path / "r.h5")
    assert (found.digest, found.energy, found.complete) == (result.digest, result.energy, True)
    assert found.layers[1].stalls == result.layers[1].stalls


def test_what_a_result_says(result) -> None:
    first = result.layers[0]
    assert result.cycles == sum(layer.cycles for layer in result.layers) > 0
    for part, busy in first.busy.items():
        assert set(first.stalls[part]) == STALLS
        assert busy + sum(first.stalls[part].values()) == first.cycles
    assert first.actions["array"]["mac"] == first.macs["effectual"]
    assert result.actions["array"]["mac"] == 2 * first.macs["effectual"]
    assert result.energy == pytest.approx(2 * first.energy)
    assert first.energy > 0
    assert first.bound in ("compute", "GLB", "DRAM")
    assert len(result.digest) == 64


def test_a_notebook_shows_one_line(result, tmp_path: Path) -> None:
    shown = [result, result.layers[0], simulator.load("tc"), _small(), simulator.load("digits_cnn")]
    for each in shown:
        assert repr(each) == str(each)
        assert len(repr(each)) < 200
        assert "\n" not in repr(each)


LAYERS = {
    "1 x 1 x 1": lambda kind: simulator.gemm(_array(kind, 1, 1), _array(kind, 1, 1)),
    "K = 1": lambda kind: simulator.gemm(_array(kind, 9, 1), _array(kind, 1, 7)),
    "N = 1": lambda kind: simulator.gemm(_array(kind, 5, 33), _array(kind, 33, 1)),
    "M = 1": lambda kind: simulator.gemm(_array(kind, 1, 130), _array(kind, 130, 3)),
    "ragged": lambda kind: simulator.gemm(_array(kind, 131, 37), _array(kind, 37, 19)),
    "nothing": lambda kind: simulator.gemm(np.zeros((3, 9), kind), np.zeros((9, 4), kind)),
    "stride and padding": lambda kind: simulator.conv2d(
        _array(kind, 6, 4, 3, 3), _array(kind, 2, 4, 7, 7), stride=2, padding=1
    ),
    "pairs": lambda kind: simulator.conv2d(
        _array(kind, 4, 3, 3, 2), _array(kind, 1, 3, 9, 7), stride=(2, 1), padding=(0, 2), dilation=(1, 2)
    ),
    "groups": lambda kind: simulator.conv2d(_array(kind, 6, 2, 3, 3), _array(kind, 1, 4, 5, 5), groups=2),
    "depthwise": lambda kind: simulator.conv2d(
        _array(kind, 6, 1, 3, 3), _array(kind, 1, 6, 5, 5), padding=1, groups=6
    ),
}


@pytest.mark.parametrize("machine", ["highlight", "tc"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", LAYERS)
def test_both_engines_run_any_layer_alike_and_verify_it(shape: str, kind: str, machine: str) -> None:
    layer = LAYERS[shape](kind)
    fast, slow = (
        simulator.simulate(machine, layer, engine=engine, verify=True) for engine in names("engine")
    )
    assert fast.digest == slow.digest
    checked = fast.layers[0].verification
    assert (checked.mode, checked.outputs) == ("full", checked.of)
    assert ("recorded integers" in checked.operands) == (kind == "int8")


@pytest.mark.parametrize("rung", [*RUNGS, "s3"])
def test_every_rung_by_name_and_number(rung: str) -> None:
    runs = [simulator.simulate("highlight", _small(), engine=engine, rung=rung) for engine in names("engine")]
    assert runs[0].digest == runs[1].digest
    assert runs[0].rung == RUNGS.get(rung, rung.upper())


def test_overrides_change_the_run_and_are_recorded() -> None:
    plain, slow = (
        simulator.simulate("tc", _small(), overrides=changes, engine="reference")
        for changes in (None, {"dram.bandwidth": "1 B/cycle"})
    )
    assert slow.cycles > plain.cycles
    assert slow.digest != plain.digest
    assert "1 B/cycle" in slow.config
    assert simulator.simulate("tc", _small(), overrides={}, engine="reference").digest == plain.digest


@pytest.mark.parametrize(("verify", "mode"), [(True, "full"), ("auto", "full"), (False, "off")])
def test_verification_is_as_asked(verify: bool | str, mode: str) -> None:
    checked = simulator.simulate("tc", _small(), verify=verify, engine="reference").layers[0].verification
    assert (checked.mode, checked.of) == (mode, 240)
    assert checked.outputs == (240 if mode == "full" else 0)


def test_large_layers_are_sampled() -> None:
    layer = simulator.gemm(_array("bool", 300, 600), _array("bool", 600, 300))
    checked = simulator.simulate("tc", layer, rung="totals").layers[0].verification
    assert checked.mode == "sampled"
    assert 0 < checked.outputs < checked.of


def test_an_interrupt_hands_over_what_was_finished(tmp_path: Path) -> None:
    def stop(layer: simulator.LayerResult) -> None:
        if layer.name == "b":
            signal.raise_signal(signal.SIGINT)

    trace = Trace("three", (_small("a"), _small("b"), _small("c")))
    with pytest.raises(KeyboardInterrupt) as caught:
        simulator.simulate("tc", trace, engine="reference", on_layer=stop)
    assert isinstance(caught.value, simulator.Interrupted)
    partial = caught.value.result
    assert [layer.name for layer in partial.layers] == ["a", "b"]
    partial.save(tmp_path / "partial.h5")
    found = simulator.load(tmp_path / "partial.h5")
    assert (found.complete, found.digest) == (False, partial.digest)
    assert "(incomplete)" in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"machine": "highligth"}, "did you mean 'highlight'"),
        ({"machine": None}, "expected a machine or a design point, got a NoneType"),
        ({"machine": _small()}, "expected a machine or a design point, got a Layer"),
        ({"workload": "digts_cnn"}, "digts_cnn: no such trace file; did you mean 'digits_cnn'"),
        ({"workload": Trace("empty", ())}, "trace 'empty' has no layers to run"),
        ({"workload": np.ones((2, 2))}, "expected a layer or a trace, got a ndarray"),
        ({"engine": "fsat"}, "did you mean 'fast'"),
        ({"rung": "S5"}, "unknown rung 'S5'"),
        ({"rung": 4}, "rung 4: must be text"),
        ({"verify": "full"}, "verify='full': choices: True, False, 'auto'"),
        ({"verify": 0}, "verify=0: choices"),
        ({"seed": -1}, "seed=-1: must be a whole number"),
        ({"seed": 1.5}, "seed=1.5: must be a whole number"),
        ({"overrides": ["glb.row=64 B"]}, "must map parameters to values"),
        ({"overrides": {"glb.rwo": "64 B"}}, "did you mean 'glb.row'"),
        ({"overrides": {"glb.read_bandwidth": 64}}, "64: a quantity in byte/cycle needs a unit"),
    ],
)
def test_wrong_arguments_are_told_before_anything_runs(monkeypatch, changes: dict, message: str) -> None:
    monkeypatch.setattr(simulation, "layer_result", lambda *_: pytest.fail("something ran"))
    arguments = {"machine": "tc", "workload": _small(), **changes}
    with pytest.raises(simulator.InputError) as caught:
        simulator.simulate(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (None, "expected a name or a path, got a NoneType"),
        ("no.h5", "no.h5: no such file"),
        ("no.yaml", "no machine called 'no.yaml', and no such file"),
        ("", "is a folder without result.h5"),
    ],
)
def test_what_cannot_be_loaded(what: object, message: str) -> None:
    with pytest.raises(simulator.InputError) as caught:
        simulator.load(what)
    assert message in str(caught.value)


ONES = np.ones((2, 2, 3, 3), np.int8), np.ones((1, 2, 5, 5), np.int8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: simulator.gemm(np.ones((0, 4)), np.ones((4, 2))), "M: 0: must be a whole number from 1"),
        (lambda: simulator.gemm(np.ones((3, 0)), np.ones((0, 2))), "K: 0: must be a whole number from 1"),
        (lambda: simulator.gemm(np.full((2, 2), np.nan), np.ones((2, 2))), "(0, 0) is not finite"),
        (lambda: simulator.gemm(np.ones((2, 2)), np.full((2, 2), -np.inf)), "(0, 0) is not finite"),
        (lambda: simulator.gemm(np.full((1, 1), 2**31), np.ones((1, 1))), "values beyond 32 bits"),
        (lambda: simulator.gemm(np.ones((2, 2), complex), np.ones((2, 2))), "dtype complex128: must be"),
        (lambda: simulator.gemm([[1]], [[1]]), "list: must be a numpy array"),
        (lambda: simulator.gemm(np.ones((2, 3)), np.ones((4, 2))), "must be (M, K) and (K, N)"),
        (lambda: simulator.gemm(np.ones((1, 1)), np.ones((1, 1)), name=""), "its name must be text"),
        (lambda: simulator.gemm(np.ones((1, 1)), np.ones((1, 1)), pattern="2:"), "pattern '2:'"),
        (lambda: simulator.conv2d(*ONES, padding=-1), "padding: -1: must be a whole number from 0"),
        (lambda: simulator.conv2d(*ONES, padding=2**39), "more than 1099511627776 elements"),
        (lambda: simulator.conv2d(*ONES, stride=0), "stride: 0: must be a whole number from 1"),
        (lambda: simulator.conv2d(*ONES, stride=1.0), "stride: 1.0: must be a whole number"),
        (lambda: simulator.conv2d(*ONES, dilation=0), "dilation: 0: must be a whole number from 1"),
        (lambda: simulator.conv2d(*ONES, dilation=3), "more than the padded height of 5"),
        (lambda: simulator.conv2d(*ONES, groups=0), "groups: 0: must be a whole number from 1"),
        (lambda: simulator.conv2d(*ONES, groups=3), "conv2d with groups=3"),
    ],
)
def test_hostile_layers_are_refused_with_their_name(make, message: str) -> None:
    with pytest.raises(simulator.InputError) as caught:
        make()
    assert message in str(caught.value)
    assert str(caught.value).startswith("layer '")
    assert "\n" not in str(caught.value)

from __future__ import annotations

import numpy as np
import pytest

from simulator import api
from simulator.record.result_file import load


def _run(run, tmp_path, *more: object):
    return run("run", "spmspm", *more, "--out", tmp_path / "out", "--no-plot", "--quiet")


def test_a_specification_runs_on_drawn_operands(run, tmp_path) -> None:
    ran = _run(run, tmp_path, "--seed", "3")
    assert (ran.code, ran.err) == (0, "")
    result = load(tmp_path / "out" / "result.h5")
    assert result.digest == api.simulate("spmspm", seed=3).digest
    assert "A drawn with seed 3" in result.layers[0].assumptions[0]
    assert "verified 256 of 256 outputs" in ran.out


def test_what_ran_is_shown_and_loaded_again(run, tmp_path) -> None:
    _run(run, tmp_path)
    assert "spmspm" in run("show", tmp_path / "out").out
    assert api.load(tmp_path / "out").cycles == api.simulate("spmspm").cycles


def test_a_specification_runs_on_arrays(run, tmp_path) -> None:
    tensors = {"A": np.eye(16, dtype=int), "B": np.ones((16, 16), dtype=int)}
    np.savez(tmp_path / "operands.npz", **tensors)
    ran = _run(run, tmp_path, tmp_path / "operands.npz")
    assert (ran.code, ran.err) == (0, "")
    assert load(tmp_path / "out" / "result.h5").digest == api.simulate("spmspm", tensors=tensors).digest


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("missing.npz",), "no such file: missing.npz"),
        (
            ("--set", "a=1"),
            "--set, --requests, --sample, --series, --dry-run and --baseline are for machines",
        ),
        (("digits_cnn",), "do not fit"),
    ],
)
def test_what_a_specification_does_not_take(run, tmp_path, more, message) -> None:
    ran = _run(run, tmp_path, *more)
    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "out" / "result.h5").exists()


def test_a_machine_needs_a_trace(run, tmp_path) -> None:
    ran = run("run", "highlight", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "a machine needs a TRACE" in ran.err

"""The verb ``decompose``."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulator
from simulator.cli.main import main
from validation.benchmarks.checkpoint import Sizes, write

NAME = "SDQ-W7:8-1:8int8-6:8fp4"


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["decompose", *map(str, arguments)])
    return int(stop.value.code or 0)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    return write(Sizes(hidden=32, between=64, vocabulary=20, blocks=1), tmp_path, samples=40)


def test_a_model_becomes_a_model_and_a_trace(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, acts = made
    out, trace = tmp_path / "o.safetensors", tmp_path / "o.h5"
    arguments = (model, "--sdq", NAME, "--calibration", acts, "-o", out, "--trace", trace, "--tokens", 4)
    assert call(*arguments) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("model.layers.0.self_attn.q_proj.weight  32 x 32  ")
    assert told[-3].startswith(f"{NAME}: 7 layers, 10,240 weights")
    assert told[-2:] == [f"wrote {out}", f"wrote {trace}"]
    with simulator.load_trace(trace) as found:
        assert {layer.einsum.shape("inputs")[1] for layer in found.layers} == {4}
    assert call(*arguments) == 2
    assert "exists; give --force" in capsys.readouterr().err
    assert call(*arguments, "--force") == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["--sdq", "SDQ-W7:8"], "must be SDQ-<method>"),
        (["--sdq", NAME], "needs calibration activations"),
        (["--sdq", "Q-W8A8", "--trace", "x.h5"], "--trace needs --calibration"),
        (["--sdq", "Q-W8A8", "--calibration", "none.npz"], "none.npz: cannot be read as .npz"),
        (["--sdq", "Q-W8A8", "--layers", "fc*"], "match none"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], why: str
) -> None:
    assert call(made[0], "-o", tmp_path / "o.safetensors", *changes) == 2
    told = capsys.readouterr().err
    assert why in told
    assert told.count("\n") == 1
    assert not (tmp_path / "o.safetensors").exists()


def test_another_suffix_is_refused(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(made[0], "--sdq", "Q-W8A8", "-o", tmp_path / "o.bin") == 2
    assert "must be .safetensors" in capsys.readouterr().err

"""Checkpoints decomposed by rows: what is written is what the transform makes, and can be read and run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import simulator
from simulator.errors import InputError
from simulator.frontend import checkpoint
from simulator.frontend.checkpoint import Job, decompose, decomposing, layers, open_checkpoint, trace_of
from simulator.transform import sdq
from simulator.workload import trace_file
from validation.benchmarks.checkpoint import Sizes, write

SMALL = Sizes(hidden=32, between=64, vocabulary=20, blocks=2)
NAMES = [
    "SDQ-W7:8-1:8int8-6:8fp4",
    "SDQ-S6:8-2:8fp8-4:8int4",
    "SDQ-M3:4-1:4int8-2:4fp4",
    "Q-W4A16",
    "Q-W8A8",
    "S-W2:4",
    "dense",
]


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    return write(SMALL, tmp_path, samples=40)


def run(model: Path, acts: Path, name: str, out: Path) -> list[checkpoint.Decomposed]:
    with np.load(acts) as known:
        return list(decompose(open_checkpoint(model), Job(sdq.parse(name)), out, known))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_what_the_transform_makes(
    made: tuple[Path, Path], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decomposing, "ELEMENTS", 7 * 32)  # rows in several portions
    model, acts = made
    out = tmp_path / "out.safetensors"
    told = run(model, acts, name, out)
    assert len(told) == 2 * 7
    whole, known = load_file(str(model)), dict(np.load(acts))
    written = {each.base: each for each in layers(open_checkpoint(out))}
    assert [f"{base}.weight" for base in written] == [each.name for each in told]
    for base, layer in written.items():
        shared = known.get(base, known.get(base.rpartition(".")[0]))
        expected = sdq.decompose(whole[f"{base}.weight"], name, shared)
        assert (layer.values() == expected.values).all()
        for i, term in enumerate(expected.weights):
            assert (layer.codes(i, 0, layer.rows) == term.codes).all()
    copied = checkpoint.Whole(open_checkpoint(out))
    for key in ("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"):
        assert (copied[key] == whole[key]).all()
    assert not any(key.endswith("_proj.weight") for key in copied)


@pytest.mark.parametrize("name", NAMES[:3])
def test_bits_written_are_the_names(made: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    told = run(*made, name, tmp_path / "out.safetensors")
    config = sdq.parse(name)
    promised = config.bits_per_weight()
    bytes_of_scales = 8 / 16 * len(config.terms)  # a byte each, also where 4 b would do
    rows = (8 * len(config.terms) + 64) / 64  # shifts and the real scale of a row
    assert told[-1].shape == (32, 64)
    assert told[-1].bits == pytest.approx(promised.data + promised.places + bytes_of_scales + rows)


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("name", ["SDQ-W7:8-1:8int8-6:8fp4", "S-W4:8"])
def test_the_trace_runs(made: tuple[Path, Path], tmp_path: Path, name: str, masks: bool) -> None:
    model, acts = made
    out, path = tmp_path / "out.safetensors", tmp_path / "out.h5"
    run(model, acts, name, out)
    with np.load(acts) as known:
        trace_file.save(trace_of(open_checkpoint(out), known, 5, masks), path)
        whole, base = load_file(str(model)), "model.layers.1.mlp.down_proj"
        expected = sdq.decompose(whole[f"{base}.weight"], name, known[base]).layer(
            known[base][:5].T.astype(np.float64)
        )
    with simulator.load_trace(path) as trace:
        assert len(trace.layers) == 14
        layer = trace.layer(base)
        assert layer.pattern == expected.pattern
        assert (layer.weights.mask == expected.weights.mask).all()
        assert (layer.inputs.mask == expected.inputs.mask).all()
        if not masks:
            assert (layer.weights.values == expected.weights.values).all()
        found = simulator.simulate("sdq_tc", layer, verify=True)
        assert found.cycles == simulator.simulate("sdq_tc", expected, verify=False).cycles


def test_a_checkpoint_of_several_files(made: tuple[Path, Path], tmp_path: Path) -> None:
    model, acts = made
    whole = load_file(str(model))
    parts = {"a.safetensors": dict(list(whole.items())[:9]), "b.safetensors": dict(list(whole.items())[9:])}
    for file, tensors in parts.items():
        save_file(tensors, str(tmp_path / file))
    index = {"weight_map": {name: file for file, tensors in parts.items() for name in tensors}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    run(tmp_path / "model.safetensors.index.json", acts, NAMES[0], tmp_path / "one.safetensors")
    run(model, acts, NAMES[0], tmp_path / "two.safetensors")
    one, two = (load_file(str(tmp_path / f"{name}.safetensors")) for name in ("one", "two"))
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)


def test_bfloat16_is_read(tmp_path: Path) -> None:
    import ml_dtypes

    weights = np.random.default_rng(0).standard_normal((4, 32)).astype(ml_dtypes.bfloat16)
    save_file({"a_proj.weight": weights}, str(tmp_path / "m.safetensors"))
    list(
        decompose(
            open_checkpoint(tmp_path / "m.safetensors"), Job(sdq.parse("Q-W8A8")), tmp_path / "o.safetensors"
        )
    )
    (layer,) = layers(open_checkpoint(tmp_path / "o.safetensors"))
    assert np.allclose(layer.values(), weights.astype(np.float64), atol=0.05)


def test_calibration_may_be_safetensors(made: tuple[Path, Path], tmp_path: Path) -> None:
    model, acts = made
    save_file(dict(np.load(acts)), str(tmp_path / "acts.safetensors"))
    known = checkpoint.Whole(open_checkpoint(tmp_path / "acts.safetensors"))
    assert len(known) == len(list(known)) == 8
    list(decompose(open_checkpoint(model), Job(sdq.parse(NAMES[0])), tmp_path / "one.safetensors", known))
    run(model, acts, NAMES[0], tmp_path / "two.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def broken(tmp_path: Path, tensors: dict[str, np.ndarray], **job: str) -> None:
    save_file(tensors, str(tmp_path / "m.safetensors"))
    out = tmp_path / "o.safetensors"
    try:
        made = Job(sdq.parse(job.pop("name", "Q-W8A8")), **job)
        list(decompose(open_checkpoint(tmp_path / "m.safetensors"), made, out, {}))
    finally:
        assert not out.exists()
        assert not list(tmp_path.glob("*.part"))


GOOD = np.ones((4, 32), dtype=np.float16)


@pytest.mark.parametrize(
    ("tensors", "job", "why"),
    [
        (
            {"a_proj.weight": np.where(np.eye(4, 32) > 0, np.nan, GOOD)},
            {},
            r"a_proj.weight: element \(0, 0\) is nan",
        ),
        ({"a_proj.weight": GOOD[:, :24]}, {}, "K = 24 is not a multiple of 16, the coordinates of a vector"),
        ({"a_proj.weight": GOOD[0]}, {}, "are no matrix"),
        ({"a.weight": GOOD}, {}, "match none of 1 tensors"),
        ({"a_proj.weight": GOOD}, {"name": NAMES[0]}, "needs calibration activations called 'a_proj'"),
        ({"a_proj.weight": GOOD}, {"metric": "size", "name": NAMES[2]}, "outliers by 'size'"),
        (
            {"a_proj.weight": GOOD, "b": np.ones(2, dtype=np.int64)},
            {},
            "b: elements of type I64 are not copied",
        ),
    ],
)
def test_bad_input_is_one_clear_error_and_no_file(tmp_path: Path, tensors, job, why: str) -> None:
    with pytest.raises(InputError, match=why):
        broken(tmp_path, tensors, **job)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no safetensors file"),
        (b"\xff" * 20, "a header of"),
        ((9).to_bytes(8, "little") + b"not json!", "no safetensors file"),
        ((2).to_bytes(8, "little") + b"[]", "header is no mapping"),
        ((8).to_bytes(8, "little") + b'{"a": 1}', "tensor 'a': its header is damaged"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        open_checkpoint(path)


def test_files_that_are_something_else(tmp_path: Path, made: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match=r"suffix '.bin': choices"):
        open_checkpoint(tmp_path / "m.bin")
    with pytest.raises(InputError, match="No such file"):
        open_checkpoint(tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="its metadata has no 'sdq'"):
        list(layers(open_checkpoint(made[0])))
    (tmp_path / "x.index.json").write_text("{}")
    with pytest.raises(InputError, match="is no index"):
        open_checkpoint(tmp_path / "x.index.json")

"""Trace files: round trips, laziness, refusals, damage."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import hdf5
from simulator.errors import InputError
from simulator.workload import trace_file
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.tensor import Tensor

DTYPES = ["bool", "int8", "uint8", "int16", "int32", "float16", "float32", "float64"]


def layers(seed: int, dtype: str = "int8") -> tuple[Layer, ...]:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return (rng.integers(0, 4, shape) * (rng.random(shape) < 0.6)).astype(dtype)

    made = gemm(draw(5, 8), draw(8, 3), name="a/gemm", pattern="dense").with_outputs(draw(5, 3) != 0)
    conv = conv2d(draw(4, 3, 3, 2), draw(2, 6, 7, 5), (2, 1), (1, 0), (1, 2), 2, name="ü conv")
    return replace(made, attrs={"scale": 0.5, "bias": [1, 2]}), conv


def same(one: Tensor | None, other: Tensor | None) -> None:
    if one is None or other is None:
        assert one is other
        return
    assert (one.shape, one.dtype, one.nonzeros, one.sha256) == (
        other.shape,
        other.dtype,
        other.nonzeros,
        other.sha256,
    )
    np.testing.assert_array_equal(one.rows(0, one.shape[0]), other.rows(0, other.shape[0]))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(DTYPES))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, dtype: str) -> None:
    path = tmp_path_factory.mktemp("trace") / "t.h5"
    trace = Trace("t", layers(seed, dtype), {"accuracy_percent": 98.5, "degrees": ["x"]})
    trace_file.save(trace, path)
    with trace_file.load(path) as read:
        assert (read.name, read.attrs, read.digest) == (trace.name, trace.attrs, trace.digest)
        for one, other in zip(trace.layers, read.layers, strict=True):
            assert (one.name, one.einsum, one.pattern, one.outputs_provenance, one.attrs) == (
                other.name,
                other.einsum,
                other.pattern,
                other.outputs_provenance,
                other.attrs,
            )
            for kind in ("weights", "inputs", "outputs_mask"):
                same(getattr(one, kind), getattr(other, kind))
        again = path.with_name("again.h5")
        trace_file.save(read, again)
        assert again.read_bytes() == path.read_bytes()


def test_layers_keep_their_order(tmp_path: Path) -> None:
    made = tuple(gemm(np.eye(2), np.eye(2), name=f"layer{i}") for i in (3, 10, 1, 2))
    trace_file.save(Trace("t", made), tmp_path / "t.h5")
    with trace_file.load(tmp_path / "t.h5") as trace:
        assert [layer.name for layer in trace.layers] == ["layer3", "layer10", "layer1", "layer2"]


def test_info(tmp_path: Path) -> None:
    trace = Trace("t", layers(0), {"accuracy_percent": 98.5})
    trace_file.save(trace, tmp_path / "t.h5")
    info = trace_file.info(tmp_path / "t.h5")
    assert (info["name"], info["digest"], info["attributes"]) == (
        "t",
        trace.digest,
        {"accuracy_percent": 98.5},
    )
    assert info["layers"][0]["macs_counts"] == 5 * 8 * 3
    weights = info["layers"][0]["tensors"]["weights"]
    assert weights["nonzeros_elements"] == np.count_nonzero(trace.layers[0].weights.values)


def test_opening_reads_no_operand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace_file.save(Trace("t", layers(0)), tmp_path / "t.h5")
    read: list[str] = []
    whole = hdf5.Dataset.__getitem__

    def spy(self: hdf5.Dataset, key: object) -> np.ndarray:
        read.append(self.where.rpartition("/")[2])
        return whole(self, key)

    monkeypatch.setattr(hdf5.Dataset, "__getitem__", spy)
    with trace_file.load(tmp_path / "t.h5") as trace:
        assert (len(trace.layers), trace.layers[1].einsum.macs > 0, len(trace.digest)) == (2, True, 64)
        assert read == []
        trace.layers[0].weights.rows(1, 2)
        assert read == ["weights"]


_LARGE = """
import resource, sys
from simulator.workload import trace_file
with trace_file.load(sys.argv[1]) as trace:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layer = trace.layers[0]
    nonzeros = layer.inputs.nonzeros
    layer.weights.rows(100, 102)
    print(nonzeros, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_operand_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """128 MiB of values, looked at whole, in well under that (kB, in a process of its own)."""
    inputs = np.zeros((1 << 14, 1 << 13), dtype=np.int8)
    inputs[::7, ::5] = 1
    layer = gemm(np.ones((128, 1 << 14), dtype=bool), inputs)
    trace_file.save(Trace("t", (layer,)), tmp_path / "t.h5")
    run = subprocess.run(
        [sys.executable, "-c", _LARGE, str(tmp_path / "t.h5")], capture_output=True, text=True, check=True
    )
    nonzeros, grown = map(int, run.stdout.split())
    assert nonzeros == np.count_nonzero(inputs)
    assert grown * (1 if sys.platform != "darwin" else 1 / 1024) < 64 * 1024


def rewritten(path: Path, change) -> None:
    """Change a trace as another program may, without the checksums that would catch it."""
    with h5py.File(path, "r+") as file:
        del file.attrs["tree_sha256"]
        if "digest" in file.attrs:
            del file.attrs["digest"]
        change(file)


def test_refusals(tmp_path: Path) -> None:
    def set_attr(place: str, name: str, value: object):
        return lambda file: file[place].attrs.__setitem__(name, value)

    def drop(place: str, name: str):
        return lambda file: file[place].attrs.__delitem__(name)

    first, second = "layers/0000", "layers/0001"
    cases = [
        (lambda f: f.__delitem__("layers"), "no group 'layers'"),
        (lambda f: f.move("layers/0001", "layers/0002"), "without gaps"),
        (lambda f: f.__delitem__(f"{first}/weights"), "0000: no dataset 'weights'"),
        (drop(first, "operation"), "0000: no attribute 'operation'"),
        (set_attr(first, "operation", "gem"), "operation 'gem': choices: gemm, conv2d"),
        (set_attr(first, "operation", 3), "must be str"),
        (set_attr(first, "einsum", "Z[m] += A[m,k] B[k]"), "its shapes give"),
        (set_attr(first, "pattern", "4:2"), "layers/0000: layer 'a/gemm': "),
        (set_attr(first, "outputs_provenance", "guess"), "outputs provenance 'guess'"),
        (set_attr(first, "outputs_provenance", "declared dense"), "but there is a mask"),
        (set_attr(second, "stride", [1]), "must be a list of 2"),
        (set_attr(second, "stride", [0, 1]), "layers/0001: stride: 0"),
        (set_attr(second, "groups", [4]), "need inputs of 12 channels"),
        (set_attr(f"{first}/weights", "content", "mask"), "a mask needs its shape"),
        (set_attr(f"{first}/weights", "content", "both"), "choices: mask, values"),
        (set_attr(f"{first}/outputs", "shape", [5, 400]), "is 250 bytes of uint8"),
        (set_attr(f"{first}/outputs", "shape", [-5, 3]), "sizes >= 1"),
        (set_attr(f"{first}/outputs", "shape", [3, 5]), "outputs have shape"),
        (lambda f: f.attrs.__setitem__("digest", "0" * 64), "its content gives"),
        (lambda f: f.attrs.__setitem__("format_version", 2), "this version reads 1 to 1"),
        (lambda f: f.attrs.__setitem__("format", "sparsecycle-result"), "is a sparsecycle result"),
        (lambda f: f["layers/0001"].attrs.__setitem__("name", "a/gemm"), "two layers are called"),
    ]
    for change, said in cases:
        path = tmp_path / "t.h5"
        trace_file.save(Trace("t", layers(0)), path)
        rewritten(path, change)
        with pytest.raises(InputError, match=said) as caught:
            trace_file.load(path)
        assert "\n" not in str(caught.value)


def test_values_of_other_programs(tmp_path: Path) -> None:
    """A trace without checksums is read; a value that is not finite is refused when it is looked at."""
    path = tmp_path / "t.h5"
    trace_file.save(Trace("t", layers(0, "float32")), path)

    def nan(file: h5py.File) -> None:
        weights = file["layers/0000/weights"]
        del weights.attrs["sha256"]
        weights[2, 3] = np.nan

    rewritten(path, nan)
    with trace_file.load(path) as trace:
        trace.layers[0].weights.rows(0, 2)
        with pytest.raises(InputError, match=r"weights: element \(2, 3\) is not finite"):
            trace.layers[0].weights.rows(1, 4)


def test_reserved_attributes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'digest' is part of the schema"):
        trace_file.save(Trace("t", layers(0), {"digest": "x"}), tmp_path / "t.h5")
    layer = replace(layers(0)[0], attrs={"stride": 1})
    with pytest.raises(InputError, match="'stride' is part of the schema"):
        trace_file.save(Trace("t", (layer,)), tmp_path / "t.h5")


def content(path: Path) -> list:
    with trace_file.load(path) as trace:
        found: list = [trace.name, trace.attrs, trace.digest]
        for layer in trace.layers:
            tensors = (layer.weights, layer.inputs, layer.outputs_mask)
            arrays = [None if t is None else t.rows(0, t.shape[0]).tolist() for t in tensors]
            found.append((layer.name, layer.einsum, layer.pattern, layer.attrs, arrays))
        return found


def test_damage_never_goes_unnoticed(tmp_path: Path) -> None:
    """Every 29th byte flipped, and every 499th length: an InputError, or the same content."""
    path, target = tmp_path / "t.h5", tmp_path / "u.h5"
    trace_file.save(Trace("t", layers(0), {"accuracy_percent": 98.5}), path)
    whole, expected, said = path.read_bytes(), content(path), []
    damaged = [whole[:n] for n in range(0, len(whole), 499)]
    damaged += [whole[:i] + bytes([whole[i] ^ 0xA5]) + whole[i + 1 :] for i in range(0, len(whole), 29)]
    for data in damaged:
        target.write_bytes(data)
        try:
            assert content(target) == expected
        except InputError as error:
            said.append(str(error))
    assert len(said) > 150
    assert all(str(target) in text and "\n" not in text for text in said)

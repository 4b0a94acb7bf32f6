"""Files of arrays: what is written comes back, and damage of any kind is one error."""

from __future__ import annotations

import json
import struct
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.frontend.arrays import SUFFIXES, Drawn, open_arrays, read_layers, write
from simulator.frontend.imported import Imported
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace

RNG = np.random.default_rng(7)


def convolution() -> Layer:
    filters = RNG.integers(-3, 4, (8, 2, 3, 3)).astype(np.int8)
    images = RNG.integers(0, 3, (2, 4, 9, 8)).astype(np.int8)
    layer = conv2d(filters, images, (2, 1), (1, 0), 1, 2, "block/conv")
    return layer.with_outputs(RNG.random(layer.einsum.shape("outputs")) < 0.5)


def product(dtype: str = "float32") -> Layer:
    weights = (RNG.standard_normal((6, 16)) * (RNG.random((6, 16)) < 0.5) * 9).astype(dtype)
    return gemm(weights, RNG.random((16, 5)) < 0.5, "fc", "4:4")


def same(a: Layer, b: Layer) -> bool:
    """Whether two layers are equal in all that a digest sees."""
    return Trace("x", (a,)).digest == Trace("x", (b,)).digest


def back(path: Path, drawn: Drawn | None = None) -> Imported:
    with open_arrays(path) as file:
        return read_layers(file, drawn or Drawn())


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "float16", "float32", "float64"])
def test_npz_gives_the_same_layers(tmp_path: Path, dtype: str) -> None:
    trace = Trace("t", (convolution(), product(dtype)), {"note": "kept elsewhere"})
    assert write(trace, tmp_path / "t.npz") == ("trace attribute note",)
    found = back(tmp_path / "t.npz")
    assert found.notes == ()
    assert all(same(a, b) for a, b in zip(found.trace.layers, trace.layers, strict=True))


def test_safetensors_give_the_same_tensors_and_tell_the_pattern_they_lose(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    trace = Trace("t", (convolution(), product()))
    assert write(trace, tmp_path / "t.safetensors") == ("layer 'fc': its pattern 4:4",)
    first, second = back(tmp_path / "t.safetensors").trace.layers
    assert same(first, trace.layers[0])
    assert second.weights.sha256 == trace.layers[1].weights.sha256
    assert second.inputs.sha256 == trace.layers[1].inputs.sha256


def test_bfloat16_becomes_float32_without_change(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    short = pytest.importorskip("ml_dtypes").bfloat16
    values = RNG.standard_normal((4, 8)).astype(short)
    numpy.save_file({"model.proj.weight": values}, str(tmp_path / "b.safetensors"))
    (layer,) = back(tmp_path / "b.safetensors").trace.layers
    assert layer.name == "model.proj"
    assert layer.weights.dtype == "float32"
    assert np.array_equal(layer.weights.values, values.astype(np.float32))


def test_mtx_keeps_every_bit_of_a_value(tmp_path: Path) -> None:
    layer = product("float64")
    write(Trace("t", (layer,)), tmp_path / "t.mtx")
    (found,) = back(tmp_path / "t.mtx").trace.layers
    assert np.array_equal(found.weights.values, layer.weights.values)


def test_mtx_patterns_symmetry_and_layouts(tmp_path: Path) -> None:
    path = tmp_path / "s.mtx"
    path.write_text("%%MatrixMarket matrix coordinate pattern symmetric\n% a comment\n3 3 3\n1 1\n3 1\n3 2\n")
    found = back(path)
    assert found.trace.layers[0].weights.mask.tolist() == [
        [True, False, True],
        [False, False, True],
        [True, True, False],
    ]
    assert any("symmetric" in note for note in found.notes)
    path.write_text("%%MatrixMarket matrix array real general\n2 3\n1\n0\n2.5\n0\n0\n-1\n")
    assert back(path).trace.layers[0].weights.values.tolist() == [[1, 2.5, 0], [0, 0, -1]]


def test_smtx_has_positions_only(tmp_path: Path) -> None:
    layer = product()
    assert write(Trace("t", (layer,)), tmp_path / "t.smtx") == ("values: the format has positions only",)
    found = back(tmp_path / "t.smtx")
    assert found.trace.layers[0].weights.mask_only
    assert np.array_equal(found.trace.layers[0].weights.mask, layer.weights.mask)
    with open_arrays(tmp_path / "t.smtx", "ones") as file:
        assert np.array_equal(file.read("t"), layer.weights.mask.astype(np.int8))
    with open_arrays(tmp_path / "t.smtx", "normal", seed=3) as file:
        values = file.read("t")
    assert np.array_equal(values != 0, layer.weights.mask)
    assert values.dtype == np.float32


def test_weights_alone_get_inputs_that_are_drawn_and_told(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "w.npz",
        **{"a.weight": np.ones((4, 8)), "b.weight": np.ones((4, 2, 3, 3)), "a.bias": np.ones(4)},
    )
    found = back(
        tmp_path / "w.npz", Drawn(columns=6, density=Fraction(1, 4), image=(7, 5), padding=1, seed=2)
    )
    a, b = found.trace.layers
    assert (a.name, a.inputs.shape, a.inputs.nonzeros) == ("a", (8, 6), 12)
    assert b.einsum.shape("outputs") == (1, 4, 7, 5)
    assert any("a.bias: shape (4,): left out" in note for note in found.notes)
    assert sum("drawn with density 0.25, seed 2" in note for note in found.notes) == 2
    again = back(
        tmp_path / "w.npz", Drawn(columns=6, density=Fraction(1, 4), image=(7, 5), padding=1, seed=2)
    )
    assert again.trace.digest == found.trace.digest


def test_inputs_from_a_second_file(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.ones((4, 8), np.int8))
    np.save(tmp_path / "x.npy", np.eye(8, 3, dtype=np.int8))
    with open_arrays(tmp_path / "w.npy") as file, open_arrays(tmp_path / "x.npy") as second:
        (layer,) = read_layers(file, Drawn(), second).trace.layers
    assert layer.inputs.nonzeros == 3


def refused(path: Path) -> str:
    """The one error of opening a file and reading all of it."""
    with pytest.raises(InputError) as error:
        everything(path)
    return str(error.value)


def everything(path: Path) -> None:
    with open_arrays(path) as file:
        for name in file.entries:
            file.read(name)
        read_layers(file, Drawn())


def told(path: Path) -> str:
    """The error of reading a file, empty when it can be read."""
    try:
        everything(path)
    except InputError as error:
        return str(error)
    return ""


def test_pickled_objects_are_refused_unread(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "executed",)

    np.savez(tmp_path / "o.npz", **{"x.weights": np.array([Bomb()], dtype=object)})
    np.save(tmp_path / "o.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    for name in ("o.npz", "o.npy"):
        assert "holds Python objects" in refused(tmp_path / name)
    assert not (tmp_path / "executed").exists()


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def test_sizes_that_are_not_there_take_no_memory(tmp_path: Path) -> None:
    (tmp_path / "h.npy").write_bytes(header((1 << 40, 1 << 20)))
    assert "are there" in refused(tmp_path / "h.npy")
    with zipfile.ZipFile(tmp_path / "h.npz", "w") as archive:
        archive.writestr("x.weights.npy", header((1 << 30, 1 << 30)) + b"1234")
    assert "4 are there" in refused(tmp_path / "h.npz")
    (tmp_path / "h.smtx").write_text("1000000, 1000000, 3\n0 3\n1 2 3\n")
    assert "must have 1 to" in refused(tmp_path / "h.smtx")
    (tmp_path / "n.smtx").write_text("1000, 1000, 999999\n0 3\n1 2 3\n")
    assert "more than the matrix or the file can hold" in refused(tmp_path / "n.smtx")


def test_hostile_headers_of_other_packages(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    text = json.dumps({"w": {"dtype": "F32", "shape": [1 << 40, 8], "data_offsets": [0, 16]}}).encode()
    (tmp_path / "h.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 16)
    assert "cannot be read as safetensors" in refused(tmp_path / "h.safetensors")
    (tmp_path / "h.mtx").write_text(
        "%%MatrixMarket matrix coordinate real general\n900000000 900000000 1\n1 1 1.0\n"
    )
    assert "must have 1 to" in refused(tmp_path / "h.mtx")
    (tmp_path / "c.mtx").write_text("%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 1 1.0 2.0\n")
    assert "complex" in refused(tmp_path / "c.mtx")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2, 3\n0 1 2\n0 1\n", "line 1"),
        ("a, b, c\n", "line 1"),
        ("2, 3, 2\n0 1\n0 1\n", "line 2: has 2 numbers, must have 3"),
        ("2, 3, 2\n0 2 1\n0 1\n", "line 2: row pointers must rise"),
        ("2, 3, 2\n0 1 2\n0 3\n", "line 3: number 2 is 3: must be from 0 to 2"),
        ("2, 3, 2\n0 2 2\n1 1\n", "line 3: a column is named twice"),
        ("2, 3, 2\n0 1 x\n1 1\n", "line 2: must be whole numbers"),
    ],
)
def test_a_bad_smtx_is_told_by_its_line(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "bad.smtx").write_text(text)
    assert rule in refused(tmp_path / "bad.smtx")


def test_every_cut_and_many_changes_of_every_format_are_one_error_or_read(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    trace = Trace("t", (product("int8"),))
    np.save(tmp_path / "t.npy", trace.layers[0].weights.values)
    for suffix in SUFFIXES[1:]:
        write(trace, tmp_path / f"t{suffix}")
    rng = np.random.default_rng(1)
    for suffix in SUFFIXES:
        whole = (tmp_path / f"t{suffix}").read_bytes()
        damaged = [whole[: int(cut)] for cut in rng.integers(0, len(whole), 60)]
        for place, value in zip(rng.integers(0, len(whole), 120), rng.integers(0, 256, 120), strict=True):
            damaged.append(whole[:place] + bytes([value]) + whole[place + 1 :])
        path, errors = tmp_path / f"d{suffix}", 0
        for content in damaged:
            path.write_bytes(content)
            message = told(path)
            errors += bool(message)
            assert not message or str(path) in message
        assert errors > 30


def test_bad_names_suffixes_and_choices(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("1")
    assert "suffix '.txt': choices" in refused(tmp_path / "x.txt")
    assert "no such file" in refused(tmp_path / "none.npz")
    np.savez(tmp_path / "none.npz", bias=np.ones(3))
    assert "no weights in it" in refused(tmp_path / "none.npz")
    np.savez(tmp_path / "two.npz", **{"x.weight": np.ones((2, 2)), "x.weights": np.ones((2, 2))})
    assert "are both the weights of layer 'x'" in refused(tmp_path / "two.npz")
    with pytest.raises(InputError, match="choices: mask, ones, normal"):
        open_arrays(tmp_path / "two.npz", "zeros")
    with pytest.raises(InputError, match="hold one matrix"):
        write(Trace("t", (product(), convolution())), tmp_path / "t.mtx")
    np.savez(tmp_path / "c.npz", **{"x.weights": np.ones((2, 2), np.complex64)})
    assert "elements of type complex64" in refused(tmp_path / "c.npz")
    np.savez(tmp_path / "w.npz", **{"x.weights": np.array([[1 << 40]])})
    assert "past 32 bits" in refused(tmp_path / "w.npz")

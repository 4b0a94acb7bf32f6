"""HDF5 trees: whole or nothing, checked, lazy, one clear error for anything wrong."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from simulator import hdf5
from simulator.errors import InputError
from simulator.hdf5 import Data, Group

ATTRS = {"s": "ü", "empty": "", "b": True, "i": -3, "f": 1.5, "ints": [1, 2], "texts": ["a", "b"], "none": []}
ARRAY = np.arange(60, dtype=np.int32).reshape(3, 20)


def sample(path: Path) -> Path:
    counts = Data(ARRAY, "cycles", "counts per bin", ("state", "bin"), {"note": "x"})
    scalar = Data(np.float16(3), "pJ", "a scalar")
    flags = Data(np.zeros((0, 3), dtype=bool), "1", "nothing")
    inner = Group({"k": 1}, {"counts": counts, "deep": Group({}, {"flags": flags})})
    hdf5.write(path, "thing", 2, ATTRS, {"inner": inner, "scalar": scalar})
    return path


def test_round_trip(tmp_path: Path) -> None:
    with hdf5.open(sample(tmp_path / "x.h5"), "thing", 2) as tree:
        assert {name: tree.attrs[name] for name in ATTRS} == ATTRS
        assert (tree.kind, tree.version) == ("thing", 2)
        counts = tree.group("inner").dataset("counts", ("int32",), (3, None))
        assert counts.axes == ("state", "bin")
        assert (counts.attrs["units"], counts.attrs["long_name"], counts.attrs["note"]) == (
            "cycles",
            "counts per bin",
            "x",
        )
        np.testing.assert_array_equal(counts[1:2, 3:5], ARRAY[1:2, 3:5])
        np.testing.assert_array_equal(counts.read(), ARRAY)
        assert tree.groups["inner"].groups["deep"].datasets["flags"].read().shape == (0, 3)
        assert tree.dataset("scalar").read() == 3
    assert hdf5.kind_of(tmp_path / "x.h5") == "thing"


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert sample(tmp_path / "a.h5").read_bytes() == sample(tmp_path / "b.h5").read_bytes()


def test_nothing_says_when_it_was_made(tmp_path: Path) -> None:
    with h5py.File(sample(tmp_path / "a.h5"), "r") as file:
        found = list[h5py.Group | h5py.Dataset]()
        file.visititems(lambda _, node: found.append(node))
        kinds = {type(node) for node in found}
        assert kinds == {h5py.Group, h5py.Dataset}
        assert not any(node.id.get_create_plist().get_obj_track_times() for node in found)


def test_an_array_may_be_made_when_its_turn_comes(tmp_path: Path) -> None:
    asked: list[str] = []

    def made(name: str) -> np.ndarray:
        asked.append(name)
        return ARRAY

    tree = {name: Data(lambda name=name: made(name), "1", "made", ("a", "b")) for name in ("x", "y")}
    hdf5.write(tmp_path / "made.h5", "thing", 1, {}, tree)
    assert asked == ["x", "y"]
    given = {name: Data(ARRAY, "1", "made", ("a", "b")) for name in ("x", "y")}
    hdf5.write(tmp_path / "given.h5", "thing", 1, {}, given)
    assert (tmp_path / "made.h5").read_bytes() == (tmp_path / "given.h5").read_bytes()


def test_long_text(tmp_path: Path) -> None:
    text = "machine: x\n" * 20_000
    hdf5.write(tmp_path / "x.h5", "thing", 1, {"config": text}, {})
    with hdf5.open(tmp_path / "x.h5", "thing", 1) as tree:
        assert tree.attr("config", str) == text


@pytest.mark.parametrize(
    ("attrs", "tree", "said"),
    [
        ({"x": None}, {}, "must be str, bool"),
        ({"x": [1, "a"]}, {}, "a list must hold one of"),
        ({"x": 2**63}, {}, "64 bits"),
        ({"format": "y"}, {}, "written by itself"),
        ({}, {"a/b": Group()}, "slash"),
        ({}, {"d": Data(np.array(["a"]), "1", "texts")}, "must be bool"),
        ({}, {"d": Data(ARRAY, "1", "x", ("one",))}, "1 axis names"),
    ],
)
def test_nothing_half_written(tmp_path: Path, attrs: dict, tree: dict, said: str) -> None:
    target = tmp_path / "x.h5"
    target.write_text("before")
    with pytest.raises(InputError, match=said):
        hdf5.write(target, "thing", 1, attrs, {"good": Data(ARRAY, "1", "x"), **tree})
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.h5"]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        hdf5.write(tmp_path / "none" / "x.h5", "thing", 1, {}, {})


def test_wrong_files(tmp_path: Path) -> None:
    path = sample(tmp_path / "x.h5")
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["data"] = np.arange(3)
    (tmp_path / "text.h5").write_text("hello")
    (tmp_path / "empty.h5").write_bytes(b"")
    for name, kind, newest, said in [
        (tmp_path / "none.h5", "thing", 2, "no such file"),
        (tmp_path, "thing", 2, "is a folder"),
        (tmp_path / "text.h5", "thing", 2, "not an HDF5 file"),
        (tmp_path / "empty.h5", "thing", 2, "not an HDF5 file"),
        (foreign, "thing", 2, "another program"),
        (path, "trace", 2, "is a sparsecycle thing, expected a trace"),
        (path, "thing", 1, "format_version 2: this version reads 1 to 1"),
    ]:
        with pytest.raises(InputError, match=said):
            hdf5.open(name, kind, newest)


def test_wrong_requests(tmp_path: Path) -> None:
    with hdf5.open(sample(tmp_path / "x.h5"), "thing", 2) as tree:
        inner = tree.group("inner")
        for ask, said in [
            (lambda: tree.group("iner"), "did you mean 'inner'"),
            (lambda: inner.dataset("count"), "did you mean 'counts'"),
            (lambda: inner.attr("kk", int), "did you mean 'k'"),
            (lambda: inner.attr("k", str), "must be str"),
            (lambda: inner.dataset("counts", ("int8",)), "dtype int32: must be one of int8"),
            (lambda: inner.dataset("counts", None, (None, 3)), r"shape \(3, 20\): must be \(any, 3\)"),
        ]:
            with pytest.raises(InputError, match=said):
                ask()


def test_reading_after_close(tmp_path: Path) -> None:
    with hdf5.open(sample(tmp_path / "x.h5"), "thing", 2) as tree:
        pass
    with pytest.raises(InputError, match="closed"):
        tree.dataset("scalar").read()


def forged(path: Path, make) -> Path:
    """A file as another program may write it: without checksums, with whatever `make` puts into it."""
    with h5py.File(path, "w") as file:
        file.attrs["format"], file.attrs["format_version"] = "sparsecycle-thing", 1
        make(file)
        for dataset in file.values():
            if isinstance(dataset, h5py.Dataset):
                dataset.attrs["units"], dataset.attrs["long_name"] = "1", "forged"
    return path


def test_hostile_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(800))

    def huge(file):
        file.create_dataset("d", shape=(1 << 40,), dtype="i1")

    def huge_chunks(file):
        file.create_dataset("d", shape=(1 << 40,), dtype="i1", chunks=(1024,))

    def external(file):
        file.create_dataset("d", shape=(100,), dtype="i8", external=[(str(tmp_path / "secret"), 0, 800)])

    def link(file):
        file["d"] = h5py.ExternalLink(str(sample(tmp_path / "other.h5")), "/scalar")

    def soft(file):
        file["d"] = h5py.SoftLink("/elsewhere")

    def objects(file):
        file.create_dataset("d", data=["text"], dtype=h5py.string_dtype())

    def cycle(file):
        file.create_group("a")["again"] = file["/"]

    for make, said in [
        (huge, "declares 1099511627776 bytes"),
        (huge_chunks, "declares"),
        (external, "external storage"),
        (link, "external link"),
        (soft, "soft"),
        (objects, "must be an array"),
        (cycle, "nested deeper"),
    ]:
        path = forged(tmp_path / f"{make.__name__}.h5", make)
        with pytest.raises(InputError, match=said):
            hdf5.open(path, "thing", 1)


def test_a_file_of_another_program_is_read(tmp_path: Path) -> None:
    def compressed(file):
        file.create_dataset("d", data=ARRAY, chunks=True, compression="gzip")

    with hdf5.open(forged(tmp_path / "x.h5", compressed), "thing", 1) as tree:
        np.testing.assert_array_equal(tree.dataset("d").read(), ARRAY)


def content(path: Path) -> list:
    with hdf5.open(path, "thing", 2) as tree:
        inner = tree.group("inner")
        arrays = [inner.dataset("counts"), inner.group("deep").dataset("flags"), tree.dataset("scalar")]
        return [tree.attrs, inner.attrs, [(a.attrs, a.axes, a.read().tolist()) for a in arrays]]


def test_damage_never_goes_unnoticed(tmp_path: Path) -> None:
    """Every 7th byte flipped, and every 97th length: an InputError, or the same content."""
    whole = sample(tmp_path / "x.h5").read_bytes()
    expected, said = content(tmp_path / "x.h5"), []
    target = tmp_path / "y.h5"
    damaged = [whole[:n] for n in range(0, len(whole), 97)]
    damaged += [whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :] for i in range(0, len(whole), 7)]
    for data in damaged:
        target.write_bytes(data)
        try:
            assert content(target) == expected
        except InputError as error:
            said.append(str(error))
    assert len(said) > 500
    assert all(str(target) in text and "\n" not in text for text in said)

"""Files that are not what they say: of every reader one clear error, no traceback, bounded memory, and nothing executed."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.cli.main import main
from simulator.frontend.arrays import write
from simulator.frontend.scalesim import read
from simulator.paths import data_path, data_root
from simulator.workload.layer import conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.trace_file import save

ARRAYS = (".npy", ".npz", ".safetensors", ".smtx", ".mtx")
RNG = np.random.default_rng(17)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of every kind that is read, as it should be."""
    folder = tmp_path_factory.mktemp("whole")
    trace = Trace("t", (gemm(np.eye(6, 8, dtype=np.int8), np.ones((8, 3), np.int8), "fc", "2:4"),))
    np.save(folder / "t.npy", trace.layers[0].weights.values)
    for suffix in ARRAYS[1:]:
        write(trace, folder / f"t{suffix}")
    save(trace, folder / "t.h5")
    (folder / "t.csv").write_text("Layer, M, N, K,\nqkv, 384, 197, 128,\nout, 128, 197, 128,\n")
    shutil.copy(data_root("hwconfigs") / "design_points" / "matmul.yaml", folder / "t.yaml")
    shutil.copy(data_path("hwconfigs", "tc.yaml"), folder / "m.yaml")
    onnx = pytest.importorskip("onnx", reason="the extra 'models' is not installed")
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")],
        "g",
        [helper.make_tensor_value_info("x", 1, [2, 4])],
        [helper.make_tensor_value_info("y", 1, [2, 3])],
        [onnx.numpy_helper.from_array(np.ones((4, 3), np.float32), "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(folder / "t.onnx"))
    return folder


VERBS: dict[str, Callable[[Path, Path], tuple[str, ...]]] = {
    **dict.fromkeys(
        (*(f"t{suffix}" for suffix in ARRAYS), "t.csv", "t.onnx"),
        lambda file, out: ("import", str(file), "-o", str(out)),
    ),
    "t.yaml": lambda file, out: ("import", "timeloop", str(file), "--out", str(out)),
    "t.h5": lambda file, out: ("trace", "change", str(file), "-o", str(out)),
    "m.yaml": lambda file, out: ("check", str(file)),
}


def ran(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return int(stop.value.code or 0), capsys.readouterr().err


def hold(capsys: pytest.CaptureFixture[str], name: str, file: Path, out: Path) -> int:
    """Read a file: it is read, or refused in one error that names it; the exit code."""
    code, told = ran(capsys, *VERBS[name](file, out))
    assert code in (0, 2), f"{name}: {told}"
    assert "Traceback" not in told
    if code:
        assert told.startswith("error: "), told
        assert file.name in told, told
        assert len(told) < 20_000
        assert not out.exists()
    out.unlink(missing_ok=True)
    return code


@pytest.mark.parametrize("name", VERBS)
def test_it_is_read_as_it_should_be(whole: Path, tmp_path: Path, name: str, capsys: Any) -> None:
    assert hold(capsys, name, whole / name, tmp_path / "out") == 0


@pytest.mark.parametrize("name", VERBS)
def test_damage(whole: Path, tmp_path: Path, name: str, capsys: Any) -> None:
    """Cut short, one octet another, a part repeated or gone, and what begins like it and goes on as noise."""
    content = (whole / name).read_bytes()
    damaged = [b"", content[: len(content) // 2], content[:-1], content * 2]
    for place in RNG.integers(0, len(content), 12).tolist():
        damaged += [
            content[:place] + RNG.bytes(1) + content[place + 1 :],
            content[:place] + content[place + 7 :],
            content[:place] + content[max(0, place - 40) : place] + content[place:],
            content[:place] + RNG.bytes(64),
        ]
    refused = 0
    file = tmp_path / f"damaged{Path(name).suffix}"
    for each in damaged:
        file.write_bytes(each)
        refused += hold(capsys, name, file, tmp_path / "out") != 0
    assert refused >= 5


@pytest.mark.parametrize("name", VERBS)
def test_files_of_other_kinds(whole: Path, tmp_path: Path, name: str, capsys: Any) -> None:
    file = tmp_path / f"other{Path(name).suffix}"
    others = [other for other in VERBS if Path(other).suffix != Path(name).suffix]
    for other in others:
        shutil.copy(whole / other, file)
        assert hold(capsys, name, file, tmp_path / "out") == 2, other
    file.unlink()
    assert hold(capsys, name, file, tmp_path / "out") == 2
    file.mkdir()
    code, told = ran(capsys, *VERBS[name](file, tmp_path / "out"))
    assert code == 2
    assert "Traceback" not in told


ODD: dict[str, Any] = {
    "text for weights": {"x.weights": np.array([["a", "b"]])},
    "dates": {"x.weights": np.zeros((2, 2), "datetime64[s]")},
    "records": {"x.weights": np.zeros((2, 2), [("a", "<i4"), ("b", "<f4")])},
    "long floats": {"x.weights": np.zeros((2, 2), np.longdouble)},
    "not finite": {"x.weights": np.full((2, 2), np.inf)},
    "operands that do not fit": {"x.weights": np.ones((2, 3)), "x.inputs": np.ones((4, 2))},
    "inputs of another rank": {"x.weights": np.ones((2, 3)), "x.inputs": np.ones(3)},
    "a stride of text": {"x.weights": np.ones((1, 1, 1, 1)), "x.inputs": np.ones((1, 1, 2, 2)), "x.stride": np.array("a")},
    "a stride of zero": {"x.weights": np.ones((1, 1, 1, 1)), "x.inputs": np.ones((1, 1, 2, 2)), "x.stride": np.array([0, 0])},
    "many groups": {"x.weights": np.ones((1, 1, 1, 1)), "x.inputs": np.ones((1, 1, 2, 2)), "x.groups": np.array(1 << 30)},
    "a padding beyond all": {
        "x.weights": np.ones((1, 1, 1, 1)),
        "x.inputs": np.ones((1, 1, 2, 2)),
        "x.padding": np.array([1 << 30, 1 << 30]),
    },
    "a pattern of numbers": {"x.weights": np.ones((2, 4)), "x.inputs": np.ones((4, 1)), "x.pattern": np.array([2, 4])},
    "a pattern that is none": {"x.weights": np.ones((2, 4)), "x.inputs": np.ones((4, 1)), "x.pattern": np.array("9:4")},
    "outputs of another shape": {"x.weights": np.ones((2, 4)), "x.inputs": np.ones((4, 1)), "x.outputs": np.ones((3, 3))},
    "nothing in it": {},
    "no elements": {"x.weights": np.ones((0, 4))},
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_arrays_of_wrong_types_and_sizes(tmp_path: Path, what: str, capsys: Any) -> None:
    np.savez(tmp_path / "odd.npz", **ODD[what])
    assert hold(capsys, "t.npz", tmp_path / "odd.npz", tmp_path / "out") == 2


@pytest.mark.parametrize("cell", ["-1", "1e3", "0", "9" * 40, "0x10", "", " ", "=1+1", "\x00", "١", "1;2"])
def test_cells_that_are_no_sizes(tmp_path: Path, cell: str, capsys: Any) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"Layer, M, N, K,\na, 4, {cell}, 4,\n", encoding="utf-8")
    assert hold(capsys, "t.csv", file, tmp_path / "out") == 2
    assert "line 2" in ran(capsys, "import", str(file), "-o", str(tmp_path / "out"))[1]


def _header(shape: tuple[int, ...]) -> bytes:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def _bomb(path: Path) -> None:
    """1.5 GiB of zeros in some MiB."""
    size = 3 << 27
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("w.weights.npy", "w", force_zip64=True) as member,
    ):
        member.write(_header((1 << 14, size >> 14)))
        block = bytes(1 << 22)
        for _ in range(4 * size >> 22):
            member.write(block)


_BOUNDED = """
import resource, sys
from simulator.cli.main import main
import simulator.frontend.arrays, simulator.frontend.scalesim, simulator.transform, simulator.workload.trace_file
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28),) * 2)
for path in sys.argv[1:]:
    try:
        main(["import", path, "-o", path + ".h5"])
    except SystemExit as stop:
        print(path, stop.code)
"""


@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="no way to know the address space that is used"
)
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Files of some bytes, or some MiB, that claim GiB: in a process that may take a quarter of a GiB more than it has."""
    (tmp_path / "wide.smtx").write_text("1, 2147483648, 0\n0 0\n\n")
    (tmp_path / "wide.mtx").write_text(
        "%%MatrixMarket matrix coordinate real general\n1 2147483648 1\n1 1 1.0\n"
    )
    (tmp_path / "deep.csv").write_text("Layer, M, N, K,\na, 1, 1048576, 1048576,\n")
    (tmp_path / "head.npy").write_bytes(_header((1 << 29,)))
    _bomb(tmp_path / "bomb.npz")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    made = subprocess.run(
        [sys.executable, "-c", _BOUNDED, *files],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert made.stdout.splitlines() == [f"{path} 2" for path in files], made.stderr
    assert "Traceback" not in made.stderr
    assert made.stderr.count("error: ") == len(files)


def test_nothing_is_executed(tmp_path: Path, capsys: Any) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "executed",)

    loaded = np.array([[Bomb()]], dtype=object)
    np.savez(tmp_path / "b.npz", **{"x.weights": loaded})
    np.save(tmp_path / "b.npy", loaded, allow_pickle=True)
    (tmp_path / "b.yaml").write_text(
        f"problem: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'executed'}]\n"
    )
    for name, kind in (("b.npz", "t.npz"), ("b.npy", "t.npy"), ("b.yaml", "t.yaml"), ("b.yaml", "m.yaml")):
        assert hold(capsys, kind, tmp_path / name, tmp_path / "out") == 2
    assert not (tmp_path / "executed").exists()


def test_names_that_lead_elsewhere_are_names(tmp_path: Path, capsys: Any) -> None:
    """A member or layer called like a path is a name; nothing is written but what was asked for."""
    member = io.BytesIO()
    np.lib.format.write_array(member, np.ones((2, 3), np.int8))
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(inside / "p.npz", "w") as archive:
        archive.writestr("../../outside.weights.npy", member.getvalue())
    assert ran(capsys, "import", str(inside / "p.npz"), "-o", str(inside / "p.h5"))[0] == 0
    assert ran(capsys, "trace", "export", str(inside / "p.h5"), "-o", str(inside / "q.npz"))[0] == 0
    assert sorted(path.name for path in inside.iterdir()) == ["p.h5", "p.npz", "q.npz"]
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_import_trace_export_are_the_same_tensors(tmp_path: Path, capsys: Any) -> None:
    """Every format that holds tensors, by way of a trace file, and back."""
    rng = np.random.default_rng(0)
    filters = rng.integers(-3, 4, (8, 1, 3, 3)).astype(np.int8)
    layers = (
        conv2d(
            filters, rng.integers(0, 3, (2, 8, 9, 8)).astype(np.int8), (2, 1), (1, 0), 1, 8, "a/depthwise"
        ),
        gemm(
            (rng.standard_normal((6, 16)) * (rng.random((6, 16)) < 0.5)).astype(np.float32),
            rng.random((16, 5)) < 0.5,
            "fc",
        ),
    )
    for names, suffixes in (("*", ("npz", "safetensors")), ("fc", ("mtx", "smtx"))):
        chosen = tuple(layer for layer in layers if names in ("*", layer.name))
        for suffix in suffixes:
            first, trace, second = (
                tmp_path / f"1.{suffix}",
                tmp_path / f"{suffix}.h5",
                tmp_path / f"2.{suffix}",
            )
            write(Trace("t", chosen), first)
            assert ran(capsys, "import", str(first), "-o", str(trace))[0] == 0
            assert ran(capsys, "trace", "export", str(trace), "-o", str(second))[0] == 0
            from simulator.frontend.arrays import open_arrays

            with open_arrays(first) as one, open_arrays(second) as two:
                for name in one.entries:
                    other = name if name in two.entries else next(iter(two.entries))
                    np.testing.assert_array_equal(one.load(name), two.load(other))


def test_topologies_come_back(whole: Path, tmp_path: Path) -> None:
    from simulator.frontend.scalesim import write as write_topology

    write_topology(read(whole / "t.csv"), tmp_path / "again.csv")
    assert read(tmp_path / "again.csv") == read(whole / "t.csv")

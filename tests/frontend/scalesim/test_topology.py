"""SCALE-Sim's topologies: every row is held to what it may be, and what is read is what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.frontend.scalesim import Topology, read, trace_of, write

CONV = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "Conv1, 224, 224, 7, 7, 3, 64, 2,\n"
    "\n"
    "Conv2, 58, 58, 3, 3, 64, 64, 1,,\n"
)
GEMM = "Layer, M, N, K,\nqkv, 384, 197, 128,\nout, 128, 197, 128,\n"


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


def test_convolutions_are_read_and_made(tmp_path: Path) -> None:
    layers = read(file(tmp_path, CONV))
    assert layers[0] == Topology("Conv1", "conv", (224, 224, 7, 7, 3, 64, 2))
    found = trace_of(layers, "t", "2:4", "0.5", seed=1)
    first, second = found.trace.layers
    assert first.einsum.shape("outputs") == (1, 64, 109, 109)
    assert second.einsum.macs == layers[1].macs == 56 * 56 * 9 * 64 * 64
    assert second.weights.nonzeros * 2 == second.weights.size
    second.check_pattern()
    assert abs(second.inputs.nonzeros / second.inputs.size - 0.5) < 1e-4
    assert "drawn, weights 2:4, inputs with density 0.5, seed 1" in found.notes[0]


def test_products_are_read_in_the_files_order_of_columns(tmp_path: Path) -> None:
    layers = read(file(tmp_path, GEMM))
    made = trace_of(layers, "t").trace.layers[0]
    assert (made.weights.shape, made.inputs.shape) == ((384, 128), (128, 197))
    assert np.all(made.weights.mask)


def test_patterns_of_version_3_are_those_of_their_rows(tmp_path: Path) -> None:
    text = GEMM.replace("K,", "K, Sparsity,").replace("197, 128,\nout", "197, 128, 1:4,\nout")
    found = trace_of(read(file(tmp_path, text)), "t", "2:4")
    assert [layer.pattern for layer in found.trace.layers] == ["1:4", "2:4"]
    assert found.notes[1] == "t: qkv: weights 1:4, as the file says"


@pytest.mark.parametrize("text", [CONV, GEMM])
def test_round_trip(tmp_path: Path, text: str) -> None:
    layers = read(file(tmp_path, text))
    write(layers, tmp_path / "again.csv")
    assert read(tmp_path / "again.csv") == layers


def test_a_file_without_a_header_is_read(tmp_path: Path) -> None:
    assert read(file(tmp_path, GEMM.split("\n", 1)[1])) == read(file(tmp_path, GEMM))


def test_all_mistakes_are_told_with_line_and_column(tmp_path: Path) -> None:
    text = (
        CONV
        + "Conv3, 5, 58, 9, 3, 64, 64, 1,\nConv4, 5, 5, 3, 3, x, 0, 1,\nConv1, 8, 8, 3, 3, 1, 1, 1,\nConv5, 8, 8,\n"
    )
    with pytest.raises(InputError) as error:
        read(file(tmp_path, text))
    told = [line.partition("t.csv, ")[2] for line in str(error.value).splitlines()]
    assert told == [
        "line 5, column 4 (Filter Height): 9: larger than the input, 5",
        "line 6, column 6 (Channels): 'x': must be a whole number from 1 to 1048576",
        "line 6, column 7 (Num Filter): '0': must be a whole number from 1 to 1048576",
        "line 8: has 3 columns, must have a name and IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
        "Num Filter, Strides",
        "line 7, column 1: 'Conv1': names line 2 already",
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "has no rows"),
        ("Layer, M, N, K,\n", "has a header and no layers"),
        ("Layer, M, N,\na, 1, 2,\n", "its first line has 3 columns"),
        ("Layer, M, N, K, S,\na, 1, 2, 3, 5:4,\n", "column 5 (sparsity N:M)"),
        ("Layer, M, N, K,\na, 1048576, 1048576, 1048576,\n", "multiplications: at most"),
        ("Layer, M, N, K,\na, ²,3,4\n", "must be a whole number"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(InputError, match=r"t\.csv") as error:
        read(file(tmp_path, text))
    assert rule in str(error.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read(tmp_path / "b.csv")
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="choices: conv, gemm"):
        read(file(tmp_path, GEMM), "fc")


def test_damage_anywhere_is_one_error_or_still_a_topology(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    whole, refused = CONV.encode(), 0
    for _ in range(300):
        place = int(rng.integers(0, len(whole)))
        path = tmp_path / "d.csv"
        path.write_bytes(whole[:place] + bytes([int(rng.integers(0, 256))]) + whole[place + 1 :])
        try:
            assert read(path)
        except InputError:
            refused += 1
    assert refused > 30

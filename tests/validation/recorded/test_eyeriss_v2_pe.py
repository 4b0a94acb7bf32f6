"""Folders of recorded layers: any number, any names; what is wrong with one is told in one message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pe_folder import make

from simulator.errors import InputError
from validation.recorded.eyeriss_v2_pe import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path, {"L1": (8, 6, 4), "second": (12, 2, 10)})
    return tmp_path


def test_cases_are_those_of_the_folder(folder: Path) -> None:
    first, second = load(folder)
    assert (first.name, first.weights.shape, first.inputs.shape, first.tile) == ("L1", (8, 6), (4, 6), (4, 2))
    assert (second.name, second.layer.weights.shape, second.layer.inputs.shape) == (
        "second",
        (12, 2),
        (2, 10),
    )
    assert first.layer.inputs.mask.T.tolist() == first.inputs.tolist()


def test_a_folder_without_mappings_and_problems_is_enough(folder: Path) -> None:
    for path in [*folder.glob("*_mapping.yaml"), *folder.glob("*_problem.yaml")]:
        path.unlink()
    assert [case.tile for case in load(folder)] == [None, None]


def test_a_factor_of_zero_is_all_of_the_rank(folder: Path) -> None:
    path = folder / "L1_mapping.yaml"
    path.write_text(path.read_text().replace("M=2 ", "M=1 ").replace("M=4 ", "M0 "))
    assert load(folder)[0].tile == (8, 2)


def test_factors_of_all_levels_inside_are_one_tile(folder: Path) -> None:
    path = folder / "L1_mapping.yaml"
    path.write_text(path.read_text().replace("M=2 ", "M=1 ").replace("factors: M=1 E=1", "factors: M=2 E=1"))
    assert load(folder)[0].tile == (8, 2)


def edit(path: Path, **changes: Any) -> None:
    body = json.loads(path.read_text())
    body["layers"]["L1"].update(changes)
    path.write_text(json.dumps(body))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def masks(path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)


ONES = np.ones((8, 6), dtype=np.uint8)
FAULTS = {
    "no expected": (lambda f: (f / "expected.json").unlink(), "expected.json: no such file"),
    "no json": (lambda f: (f / "expected.json").write_text("{"), "expected.json: cannot be read: Expecting"),
    "no layers": (
        lambda f: (f / "expected.json").write_text('{"layers": {}}'),
        "layers: must name at least one layer",
    ),
    "no count": (
        lambda f: edit(f / "expected.json", published_cycles="1e6"),
        "layers.L1.published_cycles: '1e6': must be a whole number",
    ),
    "other size": (lambda f: edit(f / "expected.json", M=9), "layers.L1.M: 9, but the masks have 8"),
    "no masks": (lambda f: (f / "L1_masks.npz").unlink(), "L1_masks.npz: no such file"),
    "bad masks": (
        lambda f: (f / "L1_masks.npz").write_bytes(b"PK"),
        "L1_masks.npz: is no readable .npz file",
    ),
    "one mask": (
        lambda f: masks(f / "L1_masks.npz", weights=ONES),
        "L1_masks.npz: has no array 'iacts'; it has weights",
    ),
    "no mask": (
        lambda f: masks(f / "L1_masks.npz", weights=2 * ONES, iacts=ONES),
        "weights: must be a matrix of 0 and 1",
    ),
    "channels": (
        lambda f: masks(f / "L1_masks.npz", weights=ONES, iacts=ONES[:, :5]),
        "weights have 6 channels, iacts 5",
    ),
    "problem": (lambda f: swap(f / "L1_problem.yaml", "F: 2", "F: 3"), "6 pixels, but the masks have 4"),
    "depthwise": (lambda f: swap(f / "L1_problem.yaml", "G: 1", "G: 2"), "instance.G: 2; masks of"),
    "spatial": (
        lambda f: swap(
            f / "L1_mapping.yaml", "target: psum_spad\n  type: temporal", "target: PE\n  type: spatial"
        ),
        "PE is spatial; one element has no spatial loops",
    ),
    "factors": (
        lambda f: swap(f / "L1_mapping.yaml", "M=2 ", "M=3 "),
        "factors of M make 3 x 4, but the masks have 8",
    ),
    "no store": (
        lambda f: swap(f / "L1_mapping.yaml", "BackingStorage", "iact_spad"),
        "has no temporal loops of BackingStorage",
    ),
    "no yaml": (
        lambda f: (f / "L1_mapping.yaml").write_text("mapping: ["),
        "L1_mapping.yaml: cannot be read",
    ),
    "no list": (
        lambda f: (f / "L1_mapping.yaml").write_text("mapping: 1"),
        "mapping: must be a list of levels",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_one_message(folder: Path, fault: str) -> None:
    spoil, message = FAULTS[fault]
    spoil(folder)
    with pytest.raises(InputError) as raised:
        load(folder)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(folder) in str(raised.value)

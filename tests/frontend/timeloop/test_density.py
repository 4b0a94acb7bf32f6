"""Densities in all their forms."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.frontend.timeloop import dump, load, loads
from simulator.paths import data_root
from simulator.workload.occupancy import Occupancy

MATMUL = (data_root("hwconfigs") / "design_points" / "matmul.yaml").read_text()
SIZES = "instance: {M: 32, N: 32, K: 16}"


def told(densities: str, key: str = "densities") -> dict[str, Occupancy]:
    text = MATMUL.replace(SIZES, f"instance: {{M: 32, N: 32, K: 16, {key}: {densities}}}")
    return loads(text).occupancy


@pytest.mark.parametrize(
    ("densities", "occupancy"),
    [
        ("{A: 0.73}", Occupancy("fixed-structured", Fraction(73, 100))),
        ("{A: {density: 0.5}}", Occupancy("fixed-structured", Fraction(1, 2))),
        ("{A: {distribution: fixed, density: 1}}", Occupancy()),
        ("{A: {distribution: fixed_structured, density: 1.0e-1}}", Occupancy(density=Fraction(1, 10))),
        (
            "{A: {distribution: hypergeometric, density: 0.2, workload_tensor_size: 0, band_width: 0}}",
            Occupancy("hypergeometric", Fraction(1, 5)),
        ),
        (
            "{A: {distribution: hypergeometric, density: 0.2, workload_tensor_size: 1000}}",
            Occupancy("hypergeometric", Fraction(1, 5), None, 1000),
        ),
        ("{A: {distribution: actual, density: 0.25}}", Occupancy("actual", Fraction(1, 4))),
        ("{A: {distribution: diagonal, band_width: 0}}", Occupancy("banded", Fraction(16, 512), 0)),
        ("{A: {distribution: banded, band_width: 1}}", Occupancy("banded", Fraction(15 + 16 + 16, 512), 1)),
        ("{A: {distribution: banded, band_width: 99}}", Occupancy("banded", Fraction(1), 99)),
    ],
)
def test_forms_of_a_density(densities: str, occupancy: Occupancy) -> None:
    assert told(densities) == {"A": occupancy}


def test_common_density_is_that_of_all() -> None:
    assert told("0.5", "commonDensity") == dict.fromkeys("ABZ", Occupancy(density=Fraction(1, 2)))


def test_actual_tensor_has_the_density_of_its_file(tmp_path: Path) -> None:
    mask = np.zeros((32, 16), bool)
    mask[3, :4] = True
    np.save(tmp_path / "a.npy", mask)
    file = tmp_path / "point.yaml"
    file.write_text(
        MATMUL.replace(SIZES, f"{SIZES[:-1]}, densities: {{A: {{distribution: real-data, path: a.npy}}}}}}")
    )
    point = load(file)
    assert point.occupancy["A"] == Occupancy("actual", Fraction(4, 512), path=str(tmp_path / "a.npy"))
    assert loads(dump(point)) == point
    np.save(tmp_path / "a.npy", mask.T)
    with pytest.raises(InputError, match=r"point\.yaml:[0-9]+:[0-9]+: .*A has shape \(32, 16\)"):
        load(file)


def test_only_a_matrix_is_banded() -> None:
    mttkrp = (data_root("hwconfigs") / "design_points" / "mttkrp.yaml").read_text()
    text = mttkrp.replace(
        "T: {distribution: hypergeometric, density: 0.1}", "T: {distribution: banded, band_width: 1}"
    )
    with pytest.raises(InputError, match="only a matrix is banded; 'T' has 3 axes"):
        loads(text)

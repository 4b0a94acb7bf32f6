"""Recorded tensors: arrays of files, alone or among others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.actual import read
from simulator.workload.drawing import tensor
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import access

A = access("A", ((("M", 1),), (("K", 1),)), {"M": 2, "K": 3})
WHOLE = np.array([[0, 5, 0], [-1, 0, 2]])


def test_whole_numbers_are_kept_and_others_are_masks(tmp_path: Path) -> None:
    np.save(tmp_path / "whole.npy", WHOLE)
    np.save(tmp_path / "float.npy", WHOLE / 4)
    assert (read(str(tmp_path / "whole.npy"), A) == WHOLE).all()
    assert (read(str(tmp_path / "float.npy"), A) == (WHOLE != 0)).all()
    drawn = tensor(A, Occupancy("actual", path=str(tmp_path / "whole.npy")))
    assert (drawn == WHOLE).all()


def test_of_several_arrays_the_one_of_the_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "several.npz", A=WHOLE, other=WHOLE + 1)
    np.savez(tmp_path / "one.npz", weights=WHOLE)
    assert (read(str(tmp_path / "several.npz"), A) == WHOLE).all()
    assert (read(f"{tmp_path / 'several.npz'}:other", A) == WHOLE + 1).all()
    assert (read(str(tmp_path / "one.npz"), A) == WHOLE).all()


def test_what_is_no_such_tensor_is_one_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "several.npz", X=WHOLE, Y=WHOLE)
    np.save(tmp_path / "shape.npy", WHOLE.T)
    np.save(tmp_path / "object.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "text.npy", np.full((2, 3), "a"))
    (tmp_path / "broken.npy").write_bytes(b"no array")
    for name, error in (
        ("several.npz", "no array 'A'; .*choices: X, Y"),
        ("shape.npy", r"A has shape \(2, 3\), the array in .* \(3, 2\)"),
        ("object.npy", "cannot read"),
        ("text.npy", "expected numbers"),
        ("broken.npy", "cannot read"),
        ("none.npy", "cannot read"),
    ):
        with pytest.raises(InputError, match=error):
            read(str(tmp_path / name), A)

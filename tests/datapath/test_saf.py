"""Sparse acceleration features on the course example, coordinate by coordinate.

A = [0, 0, c, d, 0, f], B = [g, h, 0, j, k, l]. Source: MIT 6.5930 course material on sparse accelerators.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator import InputError
from simulator.datapath.saf import coiterate

A = np.array([0, 0, 1, 1, 0, 1], dtype=bool)
B = np.array([1, 1, 0, 1, 1, 1], dtype=bool)
STEPS = {
    "none": ([0, 1, 2, 3, 4, 5], [1, 1, 1, 1, 1, 1]),
    "gate": ([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 0, 1]),
    "skip": ([2, 3, 5], [1, 1, 1]),
    "skip_both": ([3, 5], [1, 1]),
}


@pytest.mark.parametrize("feature", STEPS)
def test_course_example(feature: str) -> None:
    steps = coiterate(A, B, feature)
    coordinates, active = STEPS[feature]
    assert steps.coordinates.tolist() == coordinates
    assert steps.leader_reads.tolist() == [1] * len(coordinates)
    assert steps.follower_reads.tolist() == steps.macs.tolist() == active


@pytest.mark.parametrize("feature", ["skip", "skip_both"])
def test_an_empty_leader_costs_nothing(feature: str) -> None:
    assert len(coiterate(np.zeros(4, bool), np.ones(4, bool), feature).coordinates) == 0


def test_bad_fibers_and_features_are_refused() -> None:
    with pytest.raises(InputError, match=r"fibers of shapes \(6,\) and \(3,\)"):
        coiterate(A, B[:3], "none")
    with pytest.raises(InputError, match="one rank of one length"):
        coiterate(A.reshape(2, 3), B.reshape(2, 3), "none")
    with pytest.raises(InputError, match=r"unknown sparse acceleration feature 'gated'; .*gate"):
        coiterate(A, B, "gated")

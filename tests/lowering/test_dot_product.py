"""The course example of sparse acceleration features: cycles, reads of A and of B, multiplications.

Source: MIT 6.5930 course material on sparse accelerators, A = [0,0,c,d,0,f], B = [g,h,0,j,k,l].
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator import InputError
from simulator.lowering.dot_product import dot_product
from simulator.registry import resolve

A = np.array([0, 0, 1, 1, 0, 1], dtype=bool)
B = np.array([1, 1, 0, 1, 1, 1], dtype=bool)
COUNTS = {"none": (6, 6, 6, 6), "gate": (6, 6, 3, 3), "skip": (3, 3, 3, 3), "skip_both": (2, 2, 2, 2)}


@pytest.mark.parametrize("engine", ["reference", "fast"])
@pytest.mark.parametrize("feature", COUNTS)
def test_course_counts(feature: str, engine: str) -> None:
    outcome = resolve("engine", engine)(dot_product(A, B, feature))
    reader, mac = outcome.components
    found = (mac.busy, reader.actions["leader_read"], reader.actions["follower_read"], mac.actions["mac"])
    assert found == COUNTS[feature]
    assert outcome.cycles == mac.busy + 1  # the first operand takes a cycle to arrive


def test_bad_fibers_and_features_are_refused() -> None:
    with pytest.raises(InputError, match="one rank of one length"):
        dot_product(A, B[:3], "none")
    with pytest.raises(InputError, match="did you mean 'skip'"):
        dot_product(A, B, "skp")

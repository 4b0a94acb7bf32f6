from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.patterns import parse


def test_recorded_takes_data_as_it_is() -> None:
    recorded, values = parse("recorded"), np.array([[0, 3], [-2, 0]])
    assert recorded.density is None
    assert recorded.violation(values != 0) is None
    assert (recorded.prune(values) == (values != 0)).all()


def test_recorded_has_nothing_to_generate() -> None:
    with pytest.raises(InputError, match="no rule to generate a mask from"):
        parse("recorded").generate((2, 2))

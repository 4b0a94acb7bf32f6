from __future__ import annotations

import numpy as np
import pytest

from simulator import registry
from simulator.errors import InputError
from simulator.sparsity.patterns import Pattern, parse


def test_dense_allows_and_keeps_everything() -> None:
    dense, values = parse("dense"), np.array([[0.0, 1.0], [2.0, 0.0]])
    assert dense.density == 1
    assert dense.block == 1
    assert dense.generate((2, 3)).all()
    assert dense.prune(values).all()
    assert dense.violation(values != 0) is None


def test_dense_still_checks_its_input() -> None:
    with pytest.raises(InputError, match="a mask must be an array of bool"):
        parse("dense").violation(np.ones(2))
    with pytest.raises(InputError, match="axis 3"):
        parse("dense").generate((2, 2), axis=3)
    with pytest.raises(InputError, match="finite"):
        parse("dense").prune(np.array([np.inf]))


def test_every_registered_pattern_is_a_pattern() -> None:
    assert registry.names("pattern") == ("dense", "family", "hss", "recorded", "terms", "unstructured")
    for name in registry.names("pattern"):
        assert issubclass(registry.resolve("pattern", name), Pattern)

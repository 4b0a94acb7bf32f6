from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.patterns import Unstructured, Violation, parse
from simulator.sparsity.patterns import unstructured as module

PROPERTY = settings(deadline=None, derandomize=True)


@PROPERTY
@given(st.fractions(0, 1, max_denominator=10**6), st.integers(0, 5), st.integers(0, 40), st.integers(0, 99))
def test_generated_count_is_exact(density: object, rows: int, columns: int, seed: int) -> None:
    pattern = Unstructured(density)
    mask = pattern.generate((rows, columns), seed=seed)
    assert int(mask.sum()) == round(pattern.fraction * rows * columns)
    assert pattern.satisfied(mask)
    assert (mask == pattern.generate((rows, columns), seed=seed)).all()


def test_draws_are_exact_and_uniform_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DRAW", 5)
    masks = np.stack([parse("unstructured(0.5)").generate((2, 6), seed=seed) for seed in range(2000)])
    assert (masks.sum(axis=(1, 2)) == 6).all()
    assert (np.abs(masks.sum(axis=0) - 1000) < 120).all()
    together = (masks[:, 0, 0] & masks[:, 1, 5]).sum()
    assert abs(together - 2000 * 6 * 5 / (12 * 11)) < 100


def test_violation_is_the_first_element_too_many() -> None:
    mask = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0]], dtype=bool)
    pattern = parse("unstructured(1/3)")
    assert pattern.violation(mask) == Violation((1,), None, 0, 2, 3, 5, 3, 9)
    assert pattern.violation(mask, axis=0) == Violation((1,), None, 0, 1, 2, 5, 3, 9)
    assert parse("unstructured(2/9)").violation(mask) == Violation((1,), None, 0, 1, 2, 5, 2, 9)
    assert "whole tensor: 5 of 9 non-empty, at most 3 allowed" in str(pattern.violation(mask))
    mask[0] = False
    assert pattern.satisfied(mask)


@PROPERTY
@given(st.fractions(0, 1, max_denominator=10**6), st.integers(0, 4), st.integers(0, 12), st.integers(0, 99))
def test_pruning_keeps_the_largest_ties_to_the_lower(
    density: object, rows: int, columns: int, seed: int
) -> None:
    pattern = Unstructured(density)
    values = np.random.default_rng(seed).integers(-4, 5, (rows, columns)).astype(np.int8)
    flat = [(-abs(int(v)), i) for i, v in enumerate(values.ravel())]
    kept = sorted(i for _, i in sorted(flat)[: pattern.allowed(values.size)])
    assert np.flatnonzero(pattern.prune(values)).tolist() == kept
    columnwise = pattern.prune(np.asfortranarray(values.T), axis=0)
    assert np.flatnonzero(columnwise.T).tolist() == kept


def test_bad_densities_and_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        Unstructured(0.5)
    with pytest.raises(InputError, match="seed -1"):
        parse("unstructured(0.5)").generate((2, 2), seed=-1)

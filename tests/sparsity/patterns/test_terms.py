"""Sums of structured tensors as a pattern of one fiber."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.patterns import Terms, parse

TEXT = "1:8 int8 + 6:8 fp4"


@pytest.mark.parametrize(
    ("text", "canonical"), [(TEXT, TEXT), ("1:8int8+6:8fp4", TEXT), ("8:8int4*fp16", "8:8 int4*fp16")]
)
def test_text(text: str, canonical: str) -> None:
    assert parse(text).text == canonical
    assert parse(canonical) == parse(text)


def test_every_part_has_its_rule() -> None:
    rule = parse(TEXT)
    mask = np.zeros((2, 32), dtype=bool)
    mask[:, [0, 8, *range(16, 22), *range(26, 32)]] = True
    assert rule.satisfied(mask)
    mask[1, 9] = True
    found = rule.violation(mask)
    assert found is not None
    assert (found.fiber, found.start, found.stop, found.count) == ((1,), 8, 16, 2)
    mask[1, 9], mask[0, 22] = False, True
    found = rule.violation(mask)
    assert found is not None
    assert (found.fiber, found.start, found.stop, found.count) == ((0,), 16, 24, 7)


def test_generated_and_pruned_masks_obey() -> None:
    rule = parse(TEXT)
    assert isinstance(rule, Terms)
    made = rule.generate((3, 64), seed=4)
    assert rule.satisfied(made)
    assert Fraction(int(made.sum()), made.size) == rule.density == Fraction(7, 16)
    assert rule.satisfied(rule.prune(np.random.default_rng(0).standard_normal((3, 64))))
    assert rule.satisfied(made.T, axis=0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1:8 int9", "number format 'int9': unknown"),
        ("1:8 int8 + 6:8", "expected a number format"),
        ("{1,2}:8 int8", "one rule N:M, not a family"),
        ("1:8 int8 6:8 fp4", "expected the end|number format|'6:8 fp4'"),
        ("1:8 int8 *", "expected a number format"),
    ],
)
def test_bad_text_is_one_clear_error(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse(text)


def test_coordinates_must_be_equal_parts() -> None:
    with pytest.raises(InputError, match="25 coordinates are not 2 equal parts"):
        parse(TEXT).satisfied(np.zeros((1, 25), dtype=bool))

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sparsity.patterns import Family, Hss, best_choice, parse

HIGHLIGHT = parse("C1(4:{4..8})->C0(2:{2..4})")

DENSITIES = {
    "1.0000": [(4, 2)],
    "0.8000": [(5, 2)],
    "0.6667": [(4, 3), (6, 2)],
    "0.5714": [(7, 2)],
    "0.5333": [(5, 3)],
    "0.5000": [(4, 4), (8, 2)],
    "0.4444": [(6, 3)],
    "0.4000": [(5, 4)],
    "0.3810": [(7, 3)],
    "0.3333": [(6, 4), (8, 3)],
    "0.2857": [(7, 4)],
    "0.2500": [(8, 4)],
}
"""HighLight's 15 pairs (H1, H0) by density 8 / (H1 H0)."""


def test_highlights_fifteen_pairs_and_twelve_densities() -> None:
    members = HIGHLIGHT.choices()
    found: dict[str, list[tuple[int, ...]]] = {}
    for member in members:
        assert isinstance(member, Hss)
        assert member.density == Fraction(8, member.block)
        found.setdefault(f"{float(member.density):.4f}", []).append(member.lengths)
    assert len(members) == 15
    assert {density: sorted(pairs) for density, pairs in found.items()} == DENSITIES
    assert list(found) == list(DENSITIES)
    assert not HIGHLIGHT.concrete
    assert all(member.concrete and member.choices() == (member,) for member in members)


@pytest.mark.parametrize(
    ("pair", "speedup"),
    [
        ((4, 2), 1.0),
        ((5, 2), 1.25),
        ((4, 3), 1.5),
        ((6, 2), 1.5),
        ((7, 2), 1.75),
        ((5, 3), 1.875),
        ((4, 4), 2.0),
        ((8, 2), 2.0),
        ((6, 3), 2.25),
        ((5, 4), 2.5),
        ((7, 3), 2.625),
        ((6, 4), 3.0),
        ((8, 3), 3.0),
        ((7, 4), 3.5),
        ((8, 4), 4.0),
    ],
)
def test_ideal_speedup_is_the_period_over_the_lanes(pair: tuple[int, int], speedup: float) -> None:
    assert Hss(((4, pair[0]), (2, pair[1]))).block / 8 == speedup


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 14), st.integers(1, 100), st.integers(0, 99))
def test_best_choice_is_the_sparsest_satisfied(member: int, coords: int, seed: int) -> None:
    mask = HIGHLIGHT.choices()[member].generate((2, coords), seed=seed)
    densities = [choice.density for choice in HIGHLIGHT.choices() if choice.satisfied(mask)]
    best = best_choice(HIGHLIGHT, mask)
    assert best is not None
    assert best.satisfied(mask)
    assert best.density == min(d for d in densities if d is not None)


def test_best_choice_of_equal_density_is_the_first() -> None:
    empty = np.zeros((1, 48), dtype=bool)
    family = parse("C1(4:{6,8})->C0(2:{3,4})")
    assert best_choice(family, empty) == family.choices()[-1]
    pair = parse("{1,2}:{4,8}")
    assert [choice.text for choice in pair.choices()] == ["2:4", "1:4", "2:8", "1:8"]
    mask = np.array([[1, 0, 0, 0, 1, 0, 0, 0]], dtype=bool)
    assert best_choice(pair, mask) == parse("1:4")


def test_no_choice_when_no_member_is_satisfied() -> None:
    family = parse("1:{2,4}")
    mask = np.ones((1, 8), dtype=bool)
    assert best_choice(family, mask) is None
    assert family.violation(mask) == parse("1:2").violation(mask)
    assert family.violation(np.zeros((1, 8), dtype=bool)) is None
    assert best_choice(parse("2:4"), np.zeros((1, 8), dtype=bool)) == parse("2:4")


def test_what_needs_one_pattern_names_the_choices() -> None:
    family = parse("2:{4,8}")
    message = r"pattern '2:\{4,8\}' is a family; .* needs one member; choices: 2:4, 2:8"
    with pytest.raises(InputError, match=message):
        family.generate((2, 8))
    with pytest.raises(InputError, match=message):
        family.prune(np.ones((2, 8)))
    with pytest.raises(InputError, match=message):
        _ = family.block


@pytest.mark.parametrize(
    "ranks", [(), (((), (4,)),), (((2, 1), (4,)),), (((1, 5), (4, 8)),), (((0,), (4,)),)]
)
def test_impossible_families_are_refused(ranks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]) -> None:
    with pytest.raises(InputError):
        Family(ranks)

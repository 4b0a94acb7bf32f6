"""Packing of non-zeros into rounds, what columns ask of the networks, and outputs found by counting bits."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.datapath.packed import bits, multiply, pack, stream
from validation.oracles import packed as oracle

DENSITIES = (0.0, 0.1, 0.5, 1.0)


def mask(text: str) -> np.ndarray:
    return np.array([[c == "1" for c in row] for row in text.split()])


@pytest.mark.parametrize("seed", range(40))
def test_rounds_equal_filling_one_multiplier_after_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, k, multipliers = (int(x) for x in rng.integers(1, (12, 12, 30)))
    whole, held = bool(seed % 2), rng.random((m, k)) < rng.choice(DENSITIES)
    found, expected = pack(held, multipliers, whole), oracle.rounds(held, multipliers, whole)
    told = [
        list(
            zip(
                found.rows(np.arange(len(found.columns))[found.part(r)]).tolist(),
                found.columns[found.part(r)].tolist(),
                strict=True,
            )
        )
        for r in range(len(found))
    ]
    assert told == expected
    assert found.ended.sum() == m
    assert found.clusters.tolist() == [len({row for row, _ in each}) for each in expected]


def test_a_row_that_just_fits_stays_whole_and_one_more_value_begins_a_round() -> None:
    fits, longer = mask("1100 1100"), mask("1100 1110")
    assert pack(fits, 4, whole=True).cuts.tolist() == [0, 4]
    assert pack(longer, 4, whole=True).cuts.tolist() == [0, 2, 5]
    assert pack(longer, 4, whole=False).cuts.tolist() == [0, 4, 5]
    assert pack(longer, 4, whole=False).shared.tolist() == [0, 1, 0]


def test_rows_end_in_the_round_that_reads_their_last_place() -> None:
    """Rows 0, 1 and 3 hold something; the empty row 2 ends with the round that reads past it."""
    found = pack(mask("0110 1000 0000 0011"), 3, whole=False)
    assert found.starts.tolist() == [0, 14, 16]
    assert found.ended.tolist() == [3, 1]


def test_a_value_enters_a_unit_once_and_each_unit_that_awaits_it() -> None:
    """Units {(0,0), (0,1)} and {(1,0), (1,2)}; column 0 is dense, column 1 has only k = 0, column 2 nothing."""
    rounds = pack(mask("110 101"), 4, whole=False)
    inputs = bits(mask("110 100 100"))
    steps = stream(rounds, range(1), inputs, 2, 1, sent=False)[0]
    assert steps.cycles.tolist() == [2, 1, 1]
    assert steps.fetched.tolist() == [3, 1, 0]
    assert steps.delivered.tolist() == [4, 2, 0]
    assert steps.products.tolist() == [4, 2, 0]
    assert stream(rounds, range(1), inputs, 2, 1, sent=True)[0].cycles.tolist() == [2, 2, 2]
    assert stream(rounds, range(1), inputs, 2, 2, sent=False)[0].cycles.tolist() == [1, 1, 1]
    assert stream(rounds, range(1), inputs, 4, 2, sent=False)[0].cycles.tolist() == [2, 1, 1]


@pytest.mark.parametrize("seed", range(20))
def test_outputs_equal_the_matrix_product(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, k, n = (int(x) for x in rng.integers(1, 15, 3))
    a = rng.integers(1, 9, (m, k)) * (rng.random((m, k)) < rng.choice(DENSITIES))
    b = rng.integers(-9, 0, (k, n)) * (rng.random((k, n)) < rng.choice(DENSITIES))
    found = multiply(a, b, int(rng.integers(1, 20)), bool(seed % 2), bool(seed // 2 % 2))
    assert np.array_equal(found, a @ b)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(12))
def test_streams_equal_sums_over_the_masks(seed: int) -> None:
    """More than a word of K, units with several rows, a value awaited many times."""
    rng = np.random.default_rng(seed)
    m, k, n = int(rng.integers(1, 30)), int(rng.integers(1, 150)), int(rng.integers(1, 6))
    held, inputs = (
        rng.random((m, k)) < rng.choice((0.05, 0.5, 1.0)),
        rng.random((k, n)) < rng.choice(DENSITIES),
    )
    unit, values, sent = int(rng.integers(1, 70)), int(rng.integers(1, 5)), bool(seed % 2)
    rounds = pack(held, unit * int(rng.integers(1, 6)), whole=bool(seed // 2 % 2))
    first = len(rounds) // 3
    found = stream(rounds, range(first, len(rounds)), bits(inputs), unit, values, sent)
    for number in range(first, len(rounds)):
        columns = rounds.columns[rounds.part(number)]
        units = [np.unique(columns[i : i + unit]) for i in range(0, max(1, len(columns)), unit)]
        distinct = np.array([np.full(n, len(own)) if sent else inputs[own].sum(axis=0) for own in units])
        steps = found[number - first]
        assert steps.cycles.tolist() == np.maximum(1, -(-distinct.max(axis=0) // values)).tolist()
        assert steps.delivered.tolist() == distinct.sum(axis=0).tolist()
        assert steps.fetched.tolist() == inputs[np.unique(columns)].sum(axis=0).tolist()
        assert steps.products.tolist() == inputs[columns].sum(axis=0).tolist()

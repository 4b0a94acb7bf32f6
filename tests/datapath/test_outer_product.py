"""The compiled outer-product unit against the cycle-stepped one, and edges of its rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.datapath.outer_product import Unit, multiply, pack, pack_columns, service, stepped
from simulator.errors import InputError
from validation.oracles.outer_product import item

UNIT = Unit(32, 32, 16, 8, 16, 8, 1, 16, 116, 16)
DENSITIES = [0.0, 0.05, 0.3, 0.5, 0.8, 1.0]


def one(unit: Unit, a: np.ndarray, b: np.ndarray) -> tuple[int, ...]:
    found = service(unit, pack(a, unit.tile_rows), pack(b, unit.tile_columns))
    assert found.cycles.shape == (1, 1, 1)
    return tuple(int(table[0, 0, 0]) for table in (found.cycles, found.steps, found.products, found.reads))


def unit(rng: np.random.Generator) -> Unit:
    """Any unit, small queues and odd sizes included."""
    return Unit(
        tile_rows=int(rng.integers(1, 65)),
        tile_columns=int(rng.integers(1, 65)),
        depth=int(rng.integers(1, 20)),
        rows=int(rng.integers(1, 17)),
        columns=int(rng.integers(1, 17)),
        bank_rows=int(rng.integers(1, 33)),
        bank_columns=int(rng.choice([1, 2, 5, 16])),
        bank_words=int(rng.choice([1, 2, 16])),
        bandwidth=int(rng.choice([0, 3, 50, 116, 128])),
        queue=int(rng.choice([1, 2, 3, 8, 16])),
    )


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(60))
def test_items_equal_the_cycle_stepped_oracle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = unit(rng) if seed % 3 else replace(UNIT, queue=int(rng.choice([1, 4, 16])))
    a = rng.random((made.tile_rows, made.depth)) < rng.choice(DENSITIES)
    b = rng.random((made.tile_columns, made.depth)) < rng.choice(DENSITIES)
    assert one(made, a, b) == item(made, a, b)


def test_the_oracles_cases_wait_for_queue_port_and_banks() -> None:
    rng = np.random.default_rng(5)
    waits = dict.fromkeys(("queue", "port", "banks"), 0)
    for _ in range(60):
        made = unit(rng)
        a = rng.random((made.tile_rows, made.depth)) < 0.5
        b = rng.random((made.tile_columns, made.depth)) < 0.5
        cycles = one(made, a, b)[0]
        free = {"queue": {"queue": 10**6}, "port": {"bandwidth": 0}, "banks": {"bank_rows": made.tile_rows}}
        for name, change in free.items():
            waits[name] += one(replace(made, **change), a, b)[0] < cycles
    assert all(count > 5 for count in waits.values()), waits


def test_every_item_of_a_ragged_multiplication() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((70, 37)) < 0.4, rng.random((45, 37)) < 0.6
    found = service(UNIT, pack(a, 32), pack(b, 32))
    assert found.cycles.shape == (3, 2, 3)
    for m in range(3):
        for n in range(2):
            for k in range(3):
                part = (
                    a[m * 32 : m * 32 + 32, k * 16 : k * 16 + 16],
                    b[n * 32 : n * 32 + 32, k * 16 : k * 16 + 16],
                )
                cell = tuple(
                    table[m, n, k] for table in (found.cycles, found.steps, found.products, found.reads)
                )
                assert cell == item(UNIT, *part)


def test_steps_round_each_operand_up() -> None:
    for rows, columns, steps in (
        (8, 16, 1),
        (9, 16, 2),
        (8, 17, 2),
        (9, 17, 4),
        (32, 32, 8),
        (0, 32, 0),
        (1, 0, 0),
    ):
        a, b = np.arange(32)[:, None] < rows, np.arange(32)[:, None] < columns
        assert one(replace(UNIT, depth=1), a, b)[1:3] == (steps, rows * columns)


def test_dense_steps_meet_no_conflict() -> None:
    a = b = np.ones((32, 16), dtype=bool)
    assert one(replace(UNIT, bandwidth=128), a, b)[0] == 128
    assert one(UNIT, a, b)[0] == -(-128 * 128 // 116)


def test_rows_in_one_bank_are_served_one_after_the_other() -> None:
    b = np.ones((32, 1), dtype=bool)[:, :1] & (np.arange(32)[:, None] < 16)
    apart = np.isin(np.arange(32), [0, 1, 2, 3])[:, None]
    together = np.isin(np.arange(32), [0, 8, 16, 24])[:, None]
    made = replace(UNIT, depth=1)
    assert one(made, apart, b)[0] == 1
    assert one(made, together, b)[0] == 4


def test_a_k_without_steps_takes_a_cycle_and_an_empty_item_one() -> None:
    a = np.zeros((32, 16), dtype=bool)
    b = np.ones((32, 16), dtype=bool)
    assert one(UNIT, a, b) == one(UNIT, b, a) == (1, 0, 0, 0)
    a[0, 3] = True
    assert one(UNIT, a, b) == (17, 2, 32, 34)


def test_a_full_queue_holds_the_next_step() -> None:
    """Steps of 4 cycles in one bank: with room for two, the third is issued in cycle 4, not in 3."""
    a = np.isin(np.arange(32), [0, 8, 16, 24])[:, None] & np.ones((1, 3), dtype=bool)
    b = (np.arange(32)[:, None] < 16) & np.ones((1, 3), dtype=bool)
    made = replace(UNIT, depth=3)
    assert one(replace(made, queue=1), a, b)[0] == 12
    assert one(replace(made, queue=2), a, b)[0] == 12
    a[:, 2] = np.arange(32) == 1
    assert one(replace(made, queue=2), a, b)[0] == 8
    assert one(replace(made, queue=1), a, b)[0] == 9


def test_words_hold_the_mask() -> None:
    rng = np.random.default_rng(2)
    mask = rng.random((100, 13)) < 0.5
    words = pack(mask, 48)
    bits = (words[:, None, :] >> np.arange(48, dtype=np.uint64)[None, :, None]) & np.uint64(1)
    assert np.array_equal(bits.reshape(144, 13)[:100].astype(bool), mask)
    assert not bits.reshape(144, 13)[100:].any()


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(12))
def test_outputs_equal_the_dense_product(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, k, n = (int(x) for x in rng.integers(1, 70, 3))
    a = rng.integers(-9, 9, (m, k)) * (rng.random((m, k)) < rng.choice(DENSITIES))
    b = rng.integers(-9, 9, (k, n)) * (rng.random((k, n)) < rng.choice(DENSITIES))
    assert np.array_equal(multiply(unit(rng), a, b), a @ b)


def test_bad_units_and_operands_are_refused() -> None:
    for change in (
        {"tile_rows": 65},
        {"tile_columns": 0},
        {"queue": 0},
        {"bandwidth": -1},
        {"bank_words": 0},
    ):
        with pytest.raises(InputError):
            replace(UNIT, **change)
    edge = (2**31 - 1) // (32 * 32 * 18)
    assert replace(UNIT, depth=edge).depth == edge
    with pytest.raises(InputError, match="an item may take"):
        replace(UNIT, depth=edge + 1)
    with pytest.raises(InputError, match="K must be the same"):
        service(UNIT, np.zeros((1, 3), np.uint64), np.zeros((1, 4), np.uint64))


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(20))
def test_a_unit_without_conflicts_takes_what_stepping_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = unit(rng)
    made = replace(
        made, bank_rows=64, bank_columns=int(rng.choice([16, 64])), bank_words=4, queue=1 + seed % 3
    )
    words = min(made.rows, made.tile_rows) * min(made.columns, made.tile_columns, made.bank_columns) * 4
    made = replace(made, bandwidth=int(rng.choice([0, words])))
    assert made.unhindered
    shapes = [(int(rng.integers(1, 3 * tile)), 40) for tile in (made.tile_rows, made.tile_columns)]
    a, b = (rng.random(shape) < rng.choice(DENSITIES) for shape in shapes)
    a[:, 7:30] &= rng.random() < 0.5  # whole items without a non-zero
    masks = pack(a, made.tile_rows), pack(b, made.tile_columns)
    found, expected = service(made, *masks), stepped(made, *masks)
    for name in ("cycles", "steps", "products", "reads"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_port_a_word_too_narrow_or_a_bank_too_few_is_stepped() -> None:
    apart = replace(UNIT, bank_rows=32, bandwidth=128)
    assert apart.unhindered
    assert not replace(apart, bandwidth=127).unhindered
    assert not replace(apart, bank_rows=31).unhindered
    assert not replace(apart, bank_words=15, bandwidth=0).unhindered


@pytest.mark.nojit
@pytest.mark.parametrize("tile", [1, 7, 32, 64])
def test_words_hold_the_mask_bit_by_bit(tile: int) -> None:
    mask = np.random.default_rng(tile).random((75, 9)) < 0.5
    words = pack(mask, tile)
    assert words.shape == (-(-75 // tile), 9)
    for row, k in np.ndindex(mask.shape):
        assert (int(words[row // tile, k]) >> row % tile & 1) == mask[row, k]
    assert int(np.bitwise_count(words).sum()) == mask.sum()
    np.testing.assert_array_equal(pack_columns(mask.T, tile), words)

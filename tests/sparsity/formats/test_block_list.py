"""Whole blocks and bound blocks, by hand: what is stored, what comes back, what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.formats import BlockList, DensityBound
from simulator.sparsity.patterns import parse

ROW = np.array([[0, 0, 1, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 4]], dtype=np.int8)


def test_blocks_are_stored_whole_with_their_numbers() -> None:
    form = BlockList(2, 4, 2)
    encoded = form.encode(ROW)
    # group 0: blocks 1 (1, 2) and 3 (3, 0); group 1: block 2 (0, 4) and padding
    assert encoded.data.tolist() == [1, 2, 3, 0, 0, 4, 0, 0]
    assert encoded.metadata["block"].entries.tolist() == [1, 3, 2, 0]
    assert (encoded.data_bits.tolist(), encoded.metadata_bits.tolist()) == ([64], [8])
    assert form.decode(encoded).tolist() == ROW.tolist()


def test_full_groups_have_no_numbers() -> None:
    form = BlockList(4, 4, 2)
    assert form.bits(ROW != 0, 8).total == 16 * 8
    assert form.decode(form.encode(ROW)).tolist() == ROW.tolist()


def test_bound_blocks_are_filled_up_and_have_a_mask() -> None:
    form = DensityBound(2, 4)
    encoded = form.encode(ROW)
    assert encoded.data.tolist() == [1, 2, 3, 0, 0, 0, 4, 0]
    assert encoded.metadata["mask"].entries.tolist() == [0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert (encoded.data_bits.tolist(), encoded.metadata_bits.tolist()) == ([64], [16])
    assert form.decode(encoded).tolist() == ROW.tolist()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("form", "pattern"),
    [(BlockList(2, 5, 4), "C1(2:5)->C0(4:4)"), (DensityBound(3, 8), "3:8"), (DensityBound(1, 1), "1:1")],
)
def test_random_rows_come_back(form: BlockList | DensityBound, pattern: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 9)), int(rng.integers(1, 70)))
    values = rng.integers(-9, 10, shape) * parse(pattern).generate(shape, seed=seed)
    encoded = form.encode(values, 8)
    assert form.decode(encoded).tolist() == values.tolist()
    assert form.bits(values != 0, 8).total == int((encoded.data_bits + encoded.metadata_bits).sum())


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(
        InputError, match=r"group 0 of fiber \(0\) has 2 non-empty blocks of 4, there is room for 1"
    ):
        BlockList(1, 4, 2).encode(ROW)
    with pytest.raises(InputError, match=r"block 0 of fiber \(0\) has 2 non-zeros of 4, the bound is 1"):
        DensityBound(1, 4).bits(ROW != 0, 8)


@pytest.mark.parametrize("arguments", [(0, 4, 2), (5, 4, 2), (1, 4, 0)])
def test_what_is_no_block_list(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(InputError):
        BlockList(*arguments)


@pytest.mark.parametrize("arguments", [(0, 4), (5, 4)])
def test_what_is_no_density_bound(arguments: tuple[int, int]) -> None:
    with pytest.raises(InputError):
        DensityBound(*arguments)

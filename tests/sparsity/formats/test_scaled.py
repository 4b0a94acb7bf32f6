"""Codes and a scale per vector: sizes and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.formats import Scaled
from simulator.sparsity.numbers import NUMBERS


@pytest.mark.parametrize("coordinates", [16, 1, 17, 40])
def test_any_integers_come_back(coordinates: int) -> None:
    values = np.random.default_rng(1).integers(-9000, 9000, (5, coordinates))
    form = Scaled(16, 8)
    encoded = form.encode(values, value_bits=4)
    assert (form.decode(encoded) == values).all()
    size = form.bits(values != 0, 4)
    assert (encoded.data_bits == size.data).all()
    assert size.data.tolist() == [4 * coordinates] * 5
    assert (encoded.metadata_bits == size.metadata).all()
    assert size.metadata.tolist() == [8 * -(-coordinates // 16)] * 5


@pytest.mark.parametrize("number", [n for n in NUMBERS.values() if n.integral], ids=lambda n: n.name)
def test_what_is_left_of_codes_are_codes(number) -> None:
    rng = np.random.default_rng(2)
    codes = rng.choice(number.magnitudes, (400, 4)) * rng.choice([-1, 1], (400, 4))
    found, scales = Scaled(4, 8).factors(codes * rng.integers(1, 256, (400, 1)))
    assert number.holds(found).all()
    assert (scales >= 1).all()


def test_zeros_have_scale_one() -> None:
    codes, scales = Scaled(2, 8).factors(np.array([[0, 0, 6, -4]]))
    assert (codes.tolist(), scales.tolist()) == ([[0, 0, 3, -2]], [[1, 2]])


@pytest.mark.parametrize("sizes", [(0, 8), (16, 0)])
def test_sizes_must_be_positive(sizes: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="both must be at least 1"):
        Scaled(*sizes)


def test_the_narrowest_integers_come_back() -> None:
    values = np.array([[-128, 64, 0, -128]], dtype=np.int8)
    form = Scaled(4, 8)
    found = form.decode(form.encode(values))
    assert found.dtype == np.int8
    assert (found == values).all()

"""Tensors drawn from what is declared of them: integers whose non-zeros lie as an occupancy says.

    hypergeometric     ceil(N d) of N elements, without replacement
    fixed-structured   p of every q consecutive elements (rows of the last axis first), where p/q is d, q <= 64, in random places;
                       round(n p/q) of the n left over at the end
    banded             exactly the band
    actual             read from its file

A tensor's draw depends on the seed, its name and its shape only.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.actual import read
from simulator.workload.occupancy import DENSE, Occupancy
from simulator.workload.product import Access, Product

LONGEST_GROUP = 64
LARGEST = 7
"""Values are whole numbers from -7 to 7 without 0."""


def draw(product: Product, occupancy: Mapping[str, Occupancy], seed: int = 0) -> dict[str, NDArray[np.int64]]:
    """Integers for every operand of a product.

    Parameters
    ----------
    product : Product
    occupancy : mapping of str to Occupancy
        A missing tensor is dense.
    seed : int

    Returns
    -------
    dict of str to ndarray of int64
        In the shape of each operand.

    Raises
    ------
    InputError
        An ``actual`` tensor without a file: it is given, not drawn.
    """
    return {each.name: tensor(each, occupancy.get(each.name, DENSE), seed) for each in product.operands}


def tensor(access: Access, occupancy: Occupancy, seed: int = 0) -> NDArray[np.int64]:
    """Integers for one tensor; see :func:`draw`."""
    if occupancy.path is not None:
        return read(occupancy.path, access)
    rng = np.random.default_rng([seed, zlib.crc32(access.name.encode()), *access.shape])
    mask = mask_of(access, occupancy, rng)
    return values(mask, rng)


def values(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Integers that are not 0 where a mask is set."""
    sizes: NDArray[np.int64] = rng.integers(1, LARGEST, mask.shape, dtype=np.int64, endpoint=True)
    return np.where(mask, sizes * rng.choice(np.array([-1, 1]), mask.shape), 0)


def mask_of(access: Access, occupancy: Occupancy, rng: np.random.Generator) -> NDArray[Any]:
    """Where a tensor of an occupancy is not 0, bool, in its shape.

    Raises
    ------
    InputError
        It is ``actual``, or ``banded`` and no matrix.
    """
    if occupancy.distribution == "hypergeometric":
        flat = _hypergeometric(access.size, occupancy.density, rng)
    elif occupancy.distribution == "fixed-structured":
        flat = _structured(access.size, occupancy.density, rng)
    elif occupancy.distribution == "banded":
        return _banded(access, occupancy.band_width or 0)
    else:
        raise InputError(
            f"tensor {access.name!r}: its occupancy is that of actual data: give the tensor, it cannot be drawn"
        )
    return flat.reshape(access.shape)


def _hypergeometric(size: int, density: Fraction, rng: np.random.Generator) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rng.permutation(size)[: math.ceil(size * density)]] = True
    return mask


def _structured(size: int, density: Fraction, rng: np.random.Generator) -> NDArray[np.bool_]:
    ratio = density.limit_denominator(LONGEST_GROUP)
    held, group = ratio.numerator, ratio.denominator
    whole = size // group
    order = np.argsort(rng.random((whole, group)), axis=1)
    rest = size - whole * group
    tail = np.zeros(rest, np.bool_)
    tail[rng.permutation(rest)[: round(rest * ratio)]] = True
    return np.concatenate([(order < held).reshape(-1), tail])


def _banded(access: Access, width: int) -> NDArray[Any]:
    if len(access.shape) != 2:
        raise InputError(
            f"tensor {access.name!r}: a band is of matrices; this tensor has {len(access.shape)} axes"
        )
    rows, columns = np.indices(access.shape)
    return np.asarray(abs(rows - columns) <= width, np.bool_)

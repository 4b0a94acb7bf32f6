"""The dense einsum, for comparison: Z[..] = sum over the other ranks of the product of the operands.

Every operand is seen as an array over its ranks (a strided view where an axis is a sum of ranks), multiplied and summed by
:func:`numpy.einsum`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from simulator.workload.product import Access, Product

Array = NDArray[np.int64]


def dense_outputs(product: Product, tensors: Mapping[str, NDArray[np.integer]]) -> Array:
    """The output of a product of integer tensors.

    Parameters
    ----------
    product : Product
    tensors : mapping of str to ndarray of integers
        By operand, in the product's shapes.

    Returns
    -------
    ndarray of int64, in the output's shape
    """
    ranks = [name for name, _ in product.ranks]
    letters = {name: i for i, name in enumerate(ranks)}
    arguments: list[object] = []
    seen = set[str]()
    for operand in product.operands:
        own = [rank for rank in ranks if rank in operand.ranks]
        arguments += [
            _over_ranks(product, operand, own, tensors[operand.name]),
            [letters[rank] for rank in own],
        ]
        seen |= set(own)
    for rank in ranks:
        if rank not in seen:
            arguments += [np.ones(product.size(rank), dtype=np.int64), [letters[rank]]]
    out = [rank for rank in ranks if rank in product.output.ranks]
    summed = np.einsum(*arguments, [letters[rank] for rank in out], optimize=len(product.operands) > 2)  # type: ignore[call-overload]  # einsum by lists of numbers has no stub
    return _gathered(product.output, out, np.asarray(summed, dtype=np.int64))


def _over_ranks(product: Product, operand: Access, own: list[str], array: NDArray[np.integer]) -> Array:
    whole = np.ascontiguousarray(array, dtype=np.int64)
    strides = [
        sum(axis.coefficient(rank) * step for axis, step in zip(operand.axes, whole.strides, strict=True))
        for rank in own
    ]
    return as_strided(whole, [product.size(rank) for rank in own], strides, writeable=False)


def _gathered(output: Access, ranks: list[str], summed: Array) -> Array:
    """From an array over ranks to one over the output's axes."""
    places = np.zeros(summed.shape, dtype=np.int64)
    for a, axis in enumerate(output.axes):
        stride = math.prod(output.shape[a + 1 :])
        for rank, coef in axis.terms:
            i = ranks.index(rank)
            places += (np.arange(summed.shape[i]) * coef * stride).reshape(
                [-1 if j == i else 1 for j in range(len(ranks))]
            )
    found = np.zeros(output.size, dtype=np.int64)
    np.add.at(found, places.ravel(), summed.ravel())
    return found.reshape(output.shape)

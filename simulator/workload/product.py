"""Products of any number of tensors: the einsums of a design point.

    Z[...] += A[...] B[...] C[...] ...            every axis of every tensor an affine function of named ranks

GEMM, convolution, MTTKRP and tensor contractions are all of this form. :class:`~simulator.workload.einsum.Einsum` is the
two-operand form that traces record, with padding; a product has no padding: every coordinate it names exists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from simulator.errors import InputError, suggest
from simulator.workload.einsum import Axis


@dataclass(frozen=True)
class Access:
    """How a tensor is indexed by the iteration space.

    Attributes
    ----------
    name : str
        Of the tensor (Timeloop: data space).
    axes : tuple of Axis
        In the order of the tensor's own axes; offsets are 0 and sizes are those the ranks reach:
        1 + sum of coefficient x (rank size - 1).
    """

    name: str
    axes: tuple[Axis, ...]

    @cached_property
    def ranks(self) -> frozenset[str]:
        """Ranks the tensor depends on (its relevant ranks)."""
        return frozenset(rank for axis in self.axes for rank, _ in axis.terms)

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def size(self) -> int:
        """Elements of the tensor."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Product:
    """A product of tensors summed over the ranks the output does not have.

    Attributes
    ----------
    name : str
        Of the shape, e.g. ``grouped-CONV``.
    ranks : tuple of (str, int)
        Names and sizes, in the order they were declared.
    operands : tuple of Access
    output : Access
    """

    name: str
    ranks: tuple[tuple[str, int], ...]
    operands: tuple[Access, ...]
    output: Access

    @property
    def tensors(self) -> tuple[Access, ...]:
        """Operands, then the output."""
        return (*self.operands, self.output)

    def size(self, rank: str) -> int:
        """Size of a rank; KeyError when there is none."""
        return dict(self.ranks)[rank]

    def tensor(self, name: str) -> Access:
        """A tensor by name.

        Raises
        ------
        InputError
            No such tensor; the message suggests the nearest.
        """
        for access in self.tensors:
            if access.name == name:
                return access
        raise InputError(
            f"no tensor {name!r} in {self.name!r}; {suggest(name, [t.name for t in self.tensors])}"
        )

    @property
    def computes(self) -> int:
        """Dense multiplications: points of the iteration space."""
        return math.prod(size for _, size in self.ranks)

    @property
    def text(self) -> str:
        """E.g. ``Z[m,n] += A[m,k] B[n,k]``."""
        shown = [f"{t.name}[{','.join(axis.text for axis in t.axes)}]" for t in self.tensors]
        return f"{shown[-1]} += {' '.join(shown[:-1])}"


def access(name: str, terms: tuple[tuple[tuple[str, int], ...], ...], sizes: dict[str, int]) -> Access:
    """A tensor by the terms of its axes.

    Parameters
    ----------
    name : str
    terms : tuple of tuple of (rank name, coefficient)
        One tuple of terms per axis; an axis without terms has one element.
    sizes : dict of str to int
        Size of every rank.
    """
    axes = tuple(Axis(axis, 0, 1 + sum(c * (sizes[rank] - 1) for rank, c in axis)) for axis in terms)
    return Access(name, axes)

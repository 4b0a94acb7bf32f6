"""Exact counts of a design point on actual tensors, and the time of their totals.

    cycles = ceil of the largest of
        (computed + gated + bubbles) / instances                                    compute
        (data words + metadata bits / word bits) / (bandwidth x instances)          per memory: reads + drains, fills + updates, all

Counts are integers, ratios exact; rounded up once. What is counted is told by ``docs/design_points.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.count import Count, Moved, count
from simulator.analytical.joint.energy import energy
from simulator.errors import InputError, suggest
from simulator.hardware.saf import Features
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts, Estimate, LevelEstimate

ASSUMPTIONS = (
    "counts are exact on the tensors given",
    "time is that of totals: no order, no start-up, all instances in use equally loaded",
)
_TIMED = {"read": ("reads", "drains"), "write": ("fills", "updates")}


def estimate(point: DesignPoint, tensors: Mapping[str, NDArray[Any]], algorithmic: bool = True) -> Estimate:
    """Count what a design point does on actual tensors.

    Parameters
    ----------
    point : DesignPoint
    tensors : mapping of str to ndarray
        Operands by name, in the shape of their axes; the output too where its non-zeros are known. Non-zero elements count.
    algorithmic : bool
        Whether to count the same nest without formats and rules too, which takes as long again; 0 when not.

    Returns
    -------
    Estimate
        Model ``joint``.

    Raises
    ------
    InputError
        A tensor is missing, of another shape, or not of the product; or a rule stands where none may.
    """
    masks = masks_of(point, tensors)
    told = count(point, masks)
    dense = _dense(point, masks, told) if algorithmic else None
    compute = Fraction(told.time, told.used[-1])
    times = {memory.name: _time(point, level, told) for level, memory in enumerate(point.hierarchy.storage)}
    most = max(times.values())
    cycles = max(compute, most)
    return Estimate(
        model="joint",
        name=point.name,
        cycles=math.ceil(cycles),
        compute_cycles=math.ceil(compute),
        computes=Counts(dense.computed if dense else 0, told.computed, told.gated, told.skipped),
        levels=tuple(_level(point, level, told, dense, times, compute) for level in range(len(times))),
        energy_pj=energy(point, told),
        bound="compute" if compute == cycles else next(name for name, time in times.items() if time == most),
        assumptions=ASSUMPTIONS,
    )


def _dense(point: DesignPoint, masks: Mapping[str, NDArray[np.bool_]], told: Count) -> Count:
    """The same nest without formats and rules."""
    if _plain(point, masks):
        return told
    full = {name: np.ones(mask.shape, np.bool_) for name, mask in masks.items()}
    return count(replace(point, features=Features()), full)


def _plain(point: DesignPoint, masks: Mapping[str, NDArray[np.bool_]]) -> bool:
    return point.features == Features() and all(mask.all() for mask in masks.values())


def masks_of(point: DesignPoint, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.bool_]]:
    """Non-zeros of all tensors of a design point, those of the output derived where they are not given."""
    product = point.product
    known = [tensor.name for tensor in product.tensors]
    for name in tensors:
        if name not in known:
            raise InputError(f"{point.name}: no tensor {name!r}; {suggest(name, known)}")
    masks: dict[str, NDArray[np.bool_]] = {}
    for tensor in product.operands:
        if tensor.name not in tensors:
            raise InputError(
                f"{point.name}: operand {tensor.name!r} was not given; given: {', '.join(tensors) or 'none'}"
            )
        masks[tensor.name] = _mask(point, tensor.name, tensors[tensor.name])
    output = product.output.name
    masks[output] = _mask(point, output, tensors[output]) if output in tensors else effectual(point, masks)
    return masks


def _mask(point: DesignPoint, name: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    shape = point.product.tensor(name).shape
    if tuple(values.shape) != shape:
        raise InputError(
            f"{point.name}: tensor {name!r} has shape {tuple(values.shape)}, the product has {shape}"
        )
    return np.asarray(values != 0, np.bool_)


def effectual(point: DesignPoint, masks: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Points of the output that have a product of non-zeros, by contraction of masks over windows."""
    product = point.product
    letters = {rank: chr(ord("a") + i) for i, (rank, _) in enumerate(product.ranks)}
    views, subscripts = [], []
    for tensor in product.operands:
        view, ranks = _window(masks[tensor.name], tensor.axes, dict(product.ranks))
        views.append(view.astype(np.float64))
        subscripts.append("".join(letters[rank] for rank in ranks))
    out = [rank for axis in product.output.axes for rank, _ in axis.terms]
    if any(len(axis.terms) > 1 or any(c != 1 for _, c in axis.terms) for axis in product.output.axes):
        raise InputError(
            f"{point.name}: output {product.output.name!r} is indexed by sums; give its non-zeros"
        )
    for rank in set(out) - {rank for tensor in product.operands for rank in tensor.ranks}:
        views.append(np.ones(product.size(rank)))  # no operand depends on it: every point of it is alike
        subscripts.append(letters[rank])
    found = np.einsum(
        ",".join(subscripts) + "->" + "".join(letters[rank] for rank in out), *views, optimize=True
    )
    return np.asarray(found > 0.5, np.bool_).reshape(product.output.shape)


def _window(mask: NDArray[np.bool_], axes: Any, sizes: dict[str, int]) -> tuple[NDArray[np.bool_], list[str]]:
    """A view of a tensor with an axis per rank of its projection."""
    shape: list[int] = []
    strides: list[int] = []
    ranks: list[str] = []
    for axis, stride in zip(axes, mask.strides, strict=True):
        for rank, c in axis.terms:
            ranks.append(rank)
            shape.append(sizes[rank])
            strides.append(c * stride)
    return np.lib.stride_tricks.as_strided(mask, shape, strides, writeable=False), ranks


def _time(point: DesignPoint, level: int, told: Count) -> Fraction:
    """Cycles of a memory."""
    memory = point.hierarchy.storage[level]
    words = dict.fromkeys(_TIMED, Fraction(0))
    for side, accesses in _TIMED.items():
        for by_access in told.moved[level].values():
            for access in accesses:
                data, bits = by_access[access].timed
                words[side] += data + Fraction(bits, memory.word_bits)
    bounds = [
        (words["read"], memory.read_bandwidth),
        (words["write"], memory.write_bandwidth),
        (words["read"] + words["write"], memory.shared_bandwidth),
    ]
    return max((w / (b * told.used[level]) for w, b in bounds if b is not None), default=Fraction(0))


def _level(
    point: DesignPoint,
    level: int,
    told: Count,
    dense: Count | None,
    times: dict[str, Fraction],
    compute: Fraction,
) -> LevelEstimate:
    memory = point.hierarchy.storage[level]
    tensors: dict[str, dict[str, Counts]] = {}
    for name, by_access in told.moved[level].items():
        tensors[name] = {}
        for access, moved in by_access.items():
            other = dense.moved[level][name][access] if dense else Moved()
            tensors[name][access] = Counts(other.actual[0], moved.actual[0], moved.gated[0], moved.skipped[0])
            metadata = Counts(other.actual[2], moved.actual[2], moved.gated[2], moved.skipped[2])
            tensors[name][f"metadata_{access}"] = metadata
    time = times[memory.name]
    throttle = float(compute / time) if time > compute else 1.0
    bits = {
        name: {access: moved.actual[1] for access, moved in by_access.items() if moved.actual[1]}
        for name, by_access in told.moved[level].items()
    }
    return LevelEstimate(
        memory.name,
        memory.instances,
        told.used[level],
        math.ceil(time),
        throttle,
        tensors,
        {"metadata_bits": bits},
    )

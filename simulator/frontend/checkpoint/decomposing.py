"""A checkpoint decomposed layer by layer, a few rows at a time.

Memory: rows of a layer (:data:`ELEMENTS` weights at once, some ten float64 arrays of them), the calibration activations of one
layer, and for SparseGPT a few matrices of K x K. The checkpoint itself is never held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.checkpoint.reading import Checkpoint
from simulator.frontend.checkpoint.stored import pack, shapes
from simulator.frontend.checkpoint.writing import SIZES, Draft
from simulator.transform import sdq
from simulator.transform.sdq import Calibration, Config

ELEMENTS = 1 << 21
"""Weights of a layer that are worked on at once."""

COPIED = 1 << 24
"""Bytes of another tensor that are copied at once."""

LAYERS = "*_proj.weight"
"""Products of a LLaMA block: q, k, v, o, gate, up, down."""


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes
    ----------
    config : Config
    layers : str
        Glob of the tensors that are weights (M, K) of a product; others are copied.
    metric : str
        What outliers are judged by.
    """

    config: Config
    layers: str = LAYERS
    metric: str = "magnitude"


@dataclass(frozen=True)
class Decomposed:
    """A layer that was written.

    Attributes
    ----------
    name : str
        Of its weights.
    shape : (int, int)
    error : float
        || W - W' ||_F / || W ||_F.
    bits : float
        Bits written per weight.
    """

    name: str
    shape: tuple[int, int]
    error: float
    bits: float


def decompose(
    model: Checkpoint,
    job: Job,
    out: Path,
    calibration: Mapping[str, NDArray[Any]] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Decomposed]:
    """Write the checkpoint with the chosen layers decomposed, and tell each when it is done.

    Parameters
    ----------
    model : Checkpoint
    job : Job
    out : Path
        A .safetensors file; it appears when everything is written.
    calibration : mapping of str to ndarray, shape (samples, K), optional
        Input activations by layer, or by the module all of whose layers have them: ``model.layers.0.self_attn.o_proj``, or
        ``model.layers.0.self_attn`` for those of it that have none of their own.
    progress : callable
        Called with (weights done, weights in all).

    Raises
    ------
    InputError
        No such layer, one that is no matrix or that blocks do not divide, values that are not finite, or no calibration where it is
        needed; before anything is written where the header tells.
    """
    chosen = _chosen(model, job)
    for name in chosen:
        _check(model, name, job.config, calibration)
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, stored in model.tensors.items():
        if name in chosen:
            tensors |= shapes(base_of(name), job.config, *stored.shape)
        elif stored.dtype in SIZES:
            tensors[name] = stored.dtype, stored.shape
        else:
            raise InputError(f"{stored.path}: {name}: elements of type {stored.dtype} are not copied")
    metadata = {**model.metadata, "sdq": job.config.name, "vector": str(job.config.vector)}
    total, done = sum(math.prod(model.tensors[name].shape) for name in chosen), 0
    with Draft(out, tensors, metadata) as draft:
        for name, stored in model.tensors.items():
            if name not in chosen:
                _copy(model, name, stored.stop - stored.start, draft)
                continue
            size = sum(
                SIZES[k] * math.prod(s) for k, s in shapes(base_of(name), job.config, *stored.shape).values()
            )
            squares = np.zeros(2)
            known = _calibration(name, job.config, job.metric, calibration)
            rows, depth = stored.shape
            step = max(1, ELEMENTS // depth)
            for start in range(0, rows, step):
                squares += _portion(model, name, job, known, draft, start, min(rows, start + step))
                done += (min(rows, start + step) - start) * depth
                progress(done, total)
            error = math.sqrt(squares[0] / squares[1]) if squares[1] else 0.0
            yield Decomposed(name, (rows, depth), error, 8 * size / (rows * depth))


def _portion(
    model: Checkpoint, name: str, job: Job, known: Calibration | None, draft: Draft, start: int, stop: int
) -> NDArray[np.float64]:
    """Decompose and write some rows; squares of what is lost and of the weights."""
    weights = model.rows(name, start, stop).astype(np.float32)
    if not (finite := np.isfinite(weights)).all():
        row, column = np.argwhere(~finite)[0]
        raise InputError(
            f"{model.path}: {name}: element ({start + row}, {column}) is {weights[row, column]}; must be finite"
        )
    made = sdq.decompose(weights, job.config, known, job.metric)
    for part, array in pack(base_of(name), made).items():
        draft.rows(part, start, array)
    lost = weights - made.values
    return np.array([np.sum(lost**2), np.sum(weights.astype(np.float64) ** 2)])


def base_of(name: str) -> str:
    """Name of a layer: that of its weights without ``.weight``."""
    return name.removesuffix(".weight")


def _chosen(model: Checkpoint, job: Job) -> frozenset[str]:
    found = frozenset(name for name in model.tensors if fnmatchcase(name, job.layers))
    if not found:
        some = ", ".join(list(model.tensors)[:3])
        raise InputError(
            f"{model.path}: layers {job.layers!r} match none of {len(model.tensors)} tensors ({some}, ...)"
        )
    return found


def _check(
    model: Checkpoint, name: str, config: Config, calibration: Mapping[str, NDArray[Any]] | None
) -> None:
    stored = model.tensors[name]
    if len(stored.shape) != 2:
        raise InputError(
            f"{stored.path}: {name}: weights {stored.shape} are no matrix; choose others with --layers"
        )
    for part, size in (("block", config.block), ("vector", config.vector)):
        if stored.shape[1] % size:
            raise InputError(
                f"{stored.path}: {name}: K = {stored.shape[1]} is not a multiple of {size}, the coordinates of a {part}"
            )
    if config.method in ("wanda", "sparsegpt") and _key(name, calibration or {}) is None:
        raise InputError(
            f"{stored.path}: {name}: {config.name} needs calibration activations called {base_of(name)!r} or by a module it is in"
        )


def _key(name: str, calibration: Mapping[str, NDArray[Any]]) -> str | None:
    """The longest name of calibration activations that is the layer or a module it is in."""
    parts = base_of(name).split(".")
    keys = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((key for key in keys if key in calibration), None)


def activations_of(name: str, calibration: Mapping[str, NDArray[Any]] | None) -> NDArray[Any] | None:
    """Calibration activations of a layer, shape (samples, K), None when there are none."""
    key = _key(name, calibration or {})
    return None if key is None or calibration is None else calibration[key]


def _calibration(
    name: str, config: Config, metric: str, calibration: Mapping[str, NDArray[Any]] | None
) -> Calibration | None:
    if config.method not in ("wanda", "sparsegpt") and metric != "product":
        return None
    found = activations_of(name, calibration)
    if found is None:
        return None
    try:
        return Calibration.of(found, gram=config.method == "sparsegpt")
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _copy(model: Checkpoint, name: str, size: int, draft: Draft) -> None:
    for start in range(0, size, COPIED):
        draft.octets(name, start, model.octets(name, start, min(COPIED, size - start)))

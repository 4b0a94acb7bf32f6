"""Recorded layers of one Eyeriss v2 processing element: masks, the mapping they were counted with, published cycles.

A folder holds ``expected.json`` and per layer NAME of its ``layers`` (any number, any names)::

    NAME_masks.npz       iacts (pixels, C) and weights (M, C), 0 or 1
    NAME_mapping.yaml    loops of each level, Timeloop's v0.3 form        (without it the machine's own tile is used)
    NAME_problem.yaml    the layer's ranks                                (without it they are those of the masks)

The layers are pointwise convolutions: R, S, N and G are 1, pixels E x F. A tile of weights in the element is the product of
the factors of M, and of C, over all levels but the outermost; a factor of 0 is all of the rank. Source of the layout: the
public Sparseloop MICRO 2022 artifact, set-up of figure 12.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.layer import Layer, gemm
from validation.recorded.document import parsed

OUTERMOST = "BackingStorage"


@dataclass(frozen=True)
class Case:
    """One layer.

    Attributes
    ----------
    name : str
    weights : ndarray of bool, shape (M, C)
    inputs : ndarray of bool, shape (pixels, C)
    published : int
        Compute cycles of one element with one multiplier.
    tile : (int, int) or None
        Rows (of M) and columns (of C) of the tile of weights, None where no mapping is recorded.
    """

    name: str
    weights: NDArray[np.bool_]
    inputs: NDArray[np.bool_]
    published: int
    tile: tuple[int, int] | None

    @property
    def layer(self) -> Layer:
        """The layer as a matrix product, a pixel per column."""
        return gemm(self.weights, np.ascontiguousarray(self.inputs.T), name=self.name)


def load(folder: Path) -> list[Case]:
    """All layers of a folder, in the order of ``expected.json``.

    Raises
    ------
    InputError
        A file is missing or not as described, or the files of a layer contradict each other.
    """
    expected = _mapping(folder / "expected.json", json.loads)
    layers = expected.get("layers")
    if not isinstance(layers, dict) or not layers:
        raise InputError(f"{folder / 'expected.json'}: layers: must name at least one layer")
    return [_case(folder, str(name), about) for name, about in layers.items()]


def _case(folder: Path, name: str, about: Any) -> Case:
    place = f"{folder / 'expected.json'}: layers.{name}"
    if not isinstance(about, dict):
        raise InputError(f"{place}: must be a mapping with published_cycles")
    published = _whole(f"{place}.published_cycles", about.get("published_cycles"))
    weights, inputs = _masks(folder / f"{name}_masks.npz")
    sizes = {"M": weights.shape[0], "C": weights.shape[1], "pixels": inputs.shape[0]}
    for rank, size in sizes.items():
        if rank in about and _whole(f"{place}.{rank}", about[rank]) != size:
            raise InputError(f"{place}.{rank}: {about[rank]}, but the masks have {size}")
    problem, mapping = folder / f"{name}_problem.yaml", folder / f"{name}_mapping.yaml"
    if problem.is_file():
        _check_problem(problem, sizes)
    tile = _tile(mapping, sizes) if mapping.is_file() else None
    return Case(name, weights, inputs, published, tile)


def _masks(path: Path) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected.json names its layer") from None
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise InputError(f"{path}: is no readable .npz file: {error}") from None
    masks = [_mask(path, found, name) for name in ("weights", "iacts")]
    if masks[0].shape[1] != masks[1].shape[1]:
        raise InputError(f"{path}: weights have {masks[0].shape[1]} channels, iacts {masks[1].shape[1]}")
    return masks[0], masks[1]


def _mask(path: Path, found: dict[str, NDArray[Any]], name: str) -> NDArray[np.bool_]:
    if name not in found:
        raise InputError(f"{path}: has no array {name!r}; it has {', '.join(found) or 'none'}")
    mask = found[name]
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "biu" or not np.isin(mask, (0, 1)).all():
        raise InputError(
            f"{path}: {name}: must be a matrix of 0 and 1, not {mask.dtype} of shape {mask.shape}"
        )
    return mask.astype(np.bool_)


def _check_problem(path: Path, sizes: dict[str, int]) -> None:
    body = _mapping(path, parsed)
    problem = body.get("problem")
    instance = problem.get("instance") if isinstance(problem, dict) else None
    if not isinstance(instance, dict):
        raise InputError(f"{path}: problem.instance: is missing")
    ranks = {rank: _whole(f"{path}: problem.instance.{rank}", instance.get(rank, 1)) for rank in "RSEFCMNG"}
    for rank in "RSNG":
        if ranks[rank] != 1:
            raise InputError(f"{path}: problem.instance.{rank}: {ranks[rank]}; masks of (pixels, C) need 1")
    for rank, size in (("M", ranks["M"]), ("C", ranks["C"]), ("pixels", ranks["E"] * ranks["F"])):
        if size != sizes[rank]:
            raise InputError(f"{path}: problem.instance: {size} {rank}, but the masks have {sizes[rank]}")


def _tile(path: Path, sizes: dict[str, int]) -> tuple[int, int]:
    """Rows and columns of the weights' tile, from the loops inside the element."""
    entries = _mapping(path, parsed).get("mapping")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path}: mapping: must be a list of levels")
    inside = {"M": 1, "C": 1}
    outside: dict[str, int] = {}
    for entry in entries:
        if entry.get("type") == "spatial":
            raise InputError(
                f"{path}: mapping: {entry.get('target')} is spatial; one element has no spatial loops"
            )
        if entry.get("type") == "temporal":
            factors = _factors(f"{path}: mapping: {entry.get('target')}", entry.get("factors"))
            if entry.get("target") == OUTERMOST:
                outside = factors
            else:
                inside = {rank: inside[rank] * (factors.get(rank, 1) or sizes[rank]) for rank in inside}
    if not outside:
        raise InputError(f"{path}: mapping: has no temporal loops of {OUTERMOST}")
    for rank, size in inside.items():
        if outside.get(rank, 1) not in (0, -(-sizes[rank] // size)):
            raise InputError(
                f"{path}: mapping: factors of {rank} make {outside.get(rank, 1)} x {size}, but the masks have {sizes[rank]}"
            )
    return inside["M"], inside["C"]


def _factors(place: str, text: Any) -> dict[str, int]:
    """``M=8 E0 C=4`` by rank."""
    found = re.findall(r"([A-Z])=?(\d+)", text) if isinstance(text, str) else []
    if not found:
        raise InputError(f"{place}: factors {text!r}: must be such as 'M=8 E=0 C=4'")
    return {rank: math.prod(int(n) for r, n in found if r == rank) for rank, _ in found}


def _mapping(path: Path, read: Any) -> dict[str, Any]:
    try:
        body = read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(body, dict):
        raise InputError(f"{path}: must be a mapping")
    return body


def _whole(place: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{place}: {value!r}: must be a whole number")
    return value

"""Named arrays as layers.

    X.weights, X.inputs             both operands of layer X: (M, K) and (K, N), or (M, C / groups, R, S) and (N, C, H, W)
    X.outputs                       non-zeros of its outputs, optional
    X.stride, .padding, .dilation   two whole numbers each, X.groups one: of a convolution, optional
    X.pattern                       text: the declared pattern of the weights, optional
    X.weight or X alone             weights whose inputs are not in the file: their non-zeros are drawn, or given in a second file

``weight``, ``input`` and ``output`` serve as well, and ``/`` as well as ``.`` before them. What is neither a matrix nor a
filter is told, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.frontend.arrays.array_file import ArrayFile
from simulator.frontend.imported import Imported
from simulator.sparsity.patterns import Unstructured
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.memory import DRAWING, affordable
from simulator.workload.model import Trace

_ROLES = {"weight": "weights", "input": "inputs", "output": "outputs"}
_SETTINGS = ("stride", "padding", "dilation", "groups")
_ROLE = re.compile(rf"^(?:(.*)[./])?(weights?|inputs?|outputs?|pattern|{'|'.join(_SETTINGS)})$", re.S)


@dataclass(frozen=True)
class Drawn:
    """Inputs of layers whose file has only weights: masks, seeded.

    Attributes
    ----------
    columns : int
        N of a matrix product.
    density : Fraction
        Of the non-zeros, anywhere, 0..1.
    image : (int, int)
        Height and width of the one image of a convolution.
    stride, padding : int
        Of a convolution.
    seed : int
    """

    columns: int = 128
    density: Fraction = Fraction(1, 2)
    image: tuple[int, int] = (14, 14)
    stride: int = 1
    padding: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("columns", self.columns), *(("image", side) for side in self.image)):
            if value < 1:
                raise InputError(f"{name}={value}: must be at least 1")
        if not 0 <= self.density <= 1:
            raise InputError(f"density={self.density}: must be from 0 to 1")

    def inputs(self, weights: NDArray[Any], number: int) -> NDArray[np.bool_]:
        """Inputs that fit weights (M, K) or (M, C, R, S); `number` keeps layers apart."""
        size = weights.shape[1]
        shape = (size, self.columns) if weights.ndim == 2 else (1, size, *self.image)
        affordable(f"inputs for weights {weights.shape}", shape, DRAWING)
        return Unstructured(self.density).generate(shape, axis=0, seed=self.seed * 1_000 + number)


def read_layers(file: ArrayFile, drawn: Drawn, inputs: ArrayFile | None = None) -> Imported:
    """The layers of a file of arrays.

    Parameters
    ----------
    file : ArrayFile
    drawn : Drawn
        What to draw where inputs are missing.
    inputs : ArrayFile, optional
        Inputs by the names of their layers; a single array is that of a single layer.

    Returns
    -------
    Imported
        A trace called like the file.

    Raises
    ------
    InputError
        No weights in it, operands that do not fit each other, a damaged array.
    """
    grouped, notes = _grouped(file), list(file.notes)
    layers: list[Layer] = []
    for name, roles in grouped.items():
        made = _layer(file, name, roles, notes, (drawn, inputs, len(grouped)), len(layers))
        if made is not None:
            layers.append(made)
    if not layers:
        raise InputError(
            f"{file.path}: no weights in it: expected a matrix (M, K) or filters (M, C, R, S), or arrays called "
            "X.weights and X.inputs"
        )
    name = re.split(r"[\\/]", file.path)[-1].rpartition(".")[0] or file.path
    return Imported(
        Trace(name, tuple(layers), {"source": f"{name}{file.path[file.path.rfind('.') :]}"}), tuple(notes)
    )


def _grouped(file: ArrayFile) -> dict[str, dict[str, str]]:
    """Per layer, the array of each role."""
    found: dict[str, dict[str, str]] = {}
    for entry in file.entries:
        match = _ROLE.match(entry)
        layer, role = (match.group(1) or "layer", match.group(2)) if match else (entry, "weights")
        roles = found.setdefault(layer, {})
        role = _ROLES.get(role, role)
        if role in roles:
            raise InputError(
                f"{file.path}: {roles[role]!r} and {entry!r} are both the {role} of layer {layer!r}"
            )
        roles[role] = entry
    return found


def _layer(
    file: ArrayFile,
    name: str,
    roles: Mapping[str, str],
    notes: list[str],
    where: tuple[Drawn, ArrayFile | None, int],
    number: int,
) -> Layer | None:
    weights = roles.get("weights")
    if weights is None:
        notes.append(
            f"{file.path}: {', '.join(roles.values())}: left out: there are no weights of layer {name!r}"
        )
        return None
    shape = file.entries[weights].shape
    if len(shape) not in (2, 4) or 0 in shape:
        what = "a bias or a scale?" if len(shape) < 2 else "neither (M, K) nor (M, C, R, S)"
        notes.append(f"{file.path}: {weights}: shape {shape}: left out ({what})")
        return None
    array = file.read(weights)
    operand = _inputs(file, name, roles, array, notes, where, number)
    made = _made(file, name, roles, array, operand, where[0])
    outputs = file.read(roles["outputs"]) != 0 if "outputs" in roles else None
    pattern = _text(file, roles["pattern"]) if "pattern" in roles else None
    try:
        made = made if outputs is None else made.with_outputs(outputs)
        return replace(made, pattern=pattern)
    except InputError as error:
        raise InputError(f"{file.path}: {error}") from None


def _inputs(
    file: ArrayFile,
    name: str,
    roles: Mapping[str, str],
    weights: NDArray[Any],
    notes: list[str],
    where: tuple[Drawn, ArrayFile | None, int],
    number: int,
) -> NDArray[Any]:
    drawn, second, layers = where
    if "inputs" in roles:
        return file.read(roles["inputs"])
    if second is not None:
        for key in (f"{name}.inputs", f"{name}.input", f"{name}/inputs", name):
            if key in second.entries:
                return second.read(key)
        if layers == 1 and len(second.entries) == 1:
            return second.read(next(iter(second.entries)))
        raise InputError(
            f"{second.path}: no inputs of layer {name!r}: expected an array {name!r} or '{name}.inputs'; it has "
            f"{', '.join(list(second.entries)[:8])}"
        )
    made = drawn.inputs(weights, number)
    notes.append(
        f"{file.path}: {roles['weights']}: no inputs in the file: non-zeros of {made.shape} drawn with density "
        f"{float(drawn.density):g}, seed {drawn.seed}"
    )
    return made


def _made(
    file: ArrayFile,
    name: str,
    roles: Mapping[str, str],
    weights: NDArray[Any],
    inputs: NDArray[Any],
    drawn: Drawn,
) -> Layer:
    try:
        if weights.ndim == 2:
            return gemm(weights, inputs, name)
        settings: dict[str, Any] = {key: _whole(file, roles[key]) for key in _SETTINGS if key in roles}
        if "inputs" not in roles and not settings:
            settings = {"stride": drawn.stride, "padding": drawn.padding}
        groups = settings.pop("groups", (1,))[0]
        return conv2d(weights, inputs, **settings, groups=groups, name=name)
    except InputError as error:
        raise InputError(f"{file.path}: {error}") from None


def _whole(file: ArrayFile, entry: str) -> tuple[int, ...]:
    array = file.read(entry)
    if array.dtype.kind not in "iu" or array.size not in (1, 2):
        raise InputError(
            f"{file.path}: {entry}: must be one or two whole numbers, not {array.dtype} {array.shape}"
        )
    return tuple(int(value) for value in array.reshape(-1))


def _text(file: ArrayFile, entry: str) -> str:
    array = np.asarray(file.load(entry))
    if array.dtype.kind not in "US" or array.size != 1:
        raise InputError(f"{file.path}: {entry}: must be one text, not {array.dtype} {array.shape}")
    return str(array.reshape(-1)[0])

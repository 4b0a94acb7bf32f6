"""Einsums: named ranks, and for every axis of every tensor an affine function of them.

    Z[m, n] += A[m, k] B[k, n]                                                               GEMM
    Z[b, Mg+m, p, q] += A[Mg+m, c, r, s] B[b, Cg+c, sh p + dh r - ph, sw q + dw s - pw]      conv2d

with P = floor((H + 2 ph - dh (R - 1) - 1) / sh) + 1 and Q alike; coordinates outside a tensor read as zero.
M and C are sizes within one of the G groups g. Notation: extended einsums, Nayak et al., TeAAL, MICRO 2023
(arXiv 2304.07931).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.errors import InputError

Pair = int | tuple[int, int]
MAX_ELEMENTS = 1 << 40


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor: coordinate = sum of coefficient x rank + offset, valid in 0 .. size - 1.

    Attributes
    ----------
    terms : tuple of (rank name, coefficient)
    offset : int
    size : int
        Elements along the axis.
    """

    terms: tuple[tuple[str, int], ...]
    offset: int
    size: int

    def coefficient(self, rank: str) -> int:
        """Coefficient of a rank, 0 when the axis does not depend on it."""
        return dict(self.terms).get(rank, 0)

    @property
    def text(self) -> str:
        """E.g. ``2p+r-1``."""
        parts = [f"{'' if c == 1 else c}{rank}" for rank, c in self.terms]
        return "+".join(parts) + (f"{self.offset:+d}" if self.offset else "")


@dataclass(frozen=True)
class Einsum:
    """A product of two tensors summed over the ranks the output does not have.

    Attributes
    ----------
    operation : str
        ``gemm`` or ``conv2d``: which constructor made it.
    ranks : tuple of (str, int)
        Names and sizes, all of the iteration space.
    weights, inputs, outputs : tuple of Axis
        Projection of each tensor (A, B and Z).
    """

    operation: str
    ranks: tuple[tuple[str, int], ...]
    weights: tuple[Axis, ...]
    inputs: tuple[Axis, ...]
    outputs: tuple[Axis, ...]

    def size(self, rank: str) -> int:
        """Size of a rank."""
        return dict(self.ranks)[rank]

    def shape(self, tensor: str) -> tuple[int, ...]:
        """Shape of ``weights``, ``inputs`` or ``outputs``."""
        return tuple(axis.size for axis in self._projections[tensor])

    @property
    def _projections(self) -> dict[str, tuple[Axis, ...]]:
        return {"weights": self.weights, "inputs": self.inputs, "outputs": self.outputs}

    @property
    def macs(self) -> int:
        """Dense multiplications: points of the iteration space, padding included."""
        return math.prod(size for _, size in self.ranks)

    @property
    def text(self) -> str:
        """E.g. ``Z[m,n] += A[m,k] B[k,n]``."""
        z, a, b = (",".join(axis.text for axis in axes) for axes in (self.outputs, self.weights, self.inputs))
        return f"Z[{z}] += A[{a}] B[{b}]"

    @property
    def parameters(self) -> dict[str, list[int]]:
        """What makes this einsum besides the shapes: a convolution's stride, padding, dilation, groups."""
        if self.operation == "gemm":
            return {}
        height, width = self.inputs[2:]
        return {
            "stride": [height.coefficient("p"), width.coefficient("q")],
            "padding": [-height.offset, -width.offset],
            "dilation": [height.coefficient("r"), width.coefficient("s")],
            "groups": [self.size("g")],
        }


def gemm(M: int, N: int, K: int) -> Einsum:
    """``Z[m,n] += A[m,k] B[k,n]``.

    Raises
    ------
    InputError
        A size is not a whole number >= 1, or a tensor is larger than anything that can be stored.
    """
    sizes = {"m": _positive("M", M), "n": _positive("N", N), "k": _positive("K", K)}
    axis = {rank: Axis(((rank, 1),), 0, size) for rank, size in sizes.items()}
    return _bounded(
        Einsum(
            "gemm",
            tuple(sizes.items()),
            (axis["m"], axis["k"]),
            (axis["k"], axis["n"]),
            (axis["m"], axis["n"]),
        )
    )


def conv2d(
    weights: tuple[int, ...],
    inputs: tuple[int, ...],
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Einsum:
    """A convolution by the shapes of its tensors.

    Parameters
    ----------
    weights : tuple of int
        (M, C / groups, R, S), M over all groups.
    inputs : tuple of int
        (N, C, H, W).
    stride, padding, dilation : int or (int, int)
        Along (H, W); padding on both sides.
    groups : int

    Raises
    ------
    InputError
        Shapes that do not fit each other, or a kernel larger than the padded input.
    """
    if len(weights) != 4 or len(inputs) != 4:
        raise InputError(
            f"conv2d of weights {weights} and inputs {inputs}: shapes must be (M, C/groups, R, S) "
            "and (N, C, H, W)"
        )
    for name, shape in (("weights", weights), ("inputs", inputs)):
        for size in shape:
            _positive(f"a size of {name} {shape}", size)
    filters, channels, *kernel = weights
    groups = _positive("groups", groups)
    if filters % groups or channels * groups != inputs[1]:
        raise InputError(
            f"conv2d with groups={groups}: weights {weights} need inputs of {channels * groups} channels, "
            f"inputs {inputs} have {inputs[1]}, and {filters} filters must divide into groups"
        )
    steps, pads, spread = (
        _pair("stride", stride, 1),
        _pair("padding", padding, 0),
        _pair("dilation", dilation, 1),
    )
    height = _outputs("height", inputs[2], kernel[0], steps[0], pads[0], spread[0])
    width = _outputs("width", inputs[3], kernel[1], steps[1], pads[1], spread[1])
    ranks = {"g": groups, "b": inputs[0], "m": filters // groups, "p": height, "q": width}
    ranks |= {"c": channels, "r": kernel[0], "s": kernel[1]}
    m = Axis((("g", ranks["m"]), ("m", 1)) if groups > 1 else (("m", 1),), 0, filters)
    c = Axis((("g", channels), ("c", 1)) if groups > 1 else (("c", 1),), 0, inputs[1])
    b, p, q, inner = (Axis(((r, 1),), 0, ranks[r]) for r in ("b", "p", "q", "c"))
    y = Axis((("p", steps[0]), ("r", spread[0])), -pads[0], inputs[2])
    x = Axis((("q", steps[1]), ("s", spread[1])), -pads[1], inputs[3])
    taps = (Axis((("r", 1),), 0, kernel[0]), Axis((("s", 1),), 0, kernel[1]))
    return _bounded(Einsum("conv2d", tuple(ranks.items()), (m, inner, *taps), (b, c, y, x), (b, m, p, q)))


def _outputs(axis: str, size: int, kernel: int, stride: int, pad: int, dilation: int) -> int:
    room = size + 2 * pad - dilation * (kernel - 1) - 1
    if room < 0:
        raise InputError(
            f"conv2d: a kernel of {kernel} with dilation {dilation} spans {dilation * (kernel - 1) + 1} "
            f"positions, more than the padded {axis} of {size + 2 * pad}"
        )
    return room // stride + 1


def _positive(name: str, value: object, least: int = 1) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= int(value) <= MAX_ELEMENTS:
        raise InputError(f"{name}: {value!r}: must be a whole number from {least} to {MAX_ELEMENTS}")
    return int(value)


def _pair(name: str, value: object, least: int) -> tuple[int, int]:
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2:
        raise InputError(f"{name}: {value!r}: must be a whole number or a pair of them, (height, width)")
    return _positive(name, both[0], least), _positive(name, both[1], least)


def _bounded(einsum: Einsum) -> Einsum:
    for tensor in ("weights", "inputs", "outputs"):
        if math.prod(einsum.shape(tensor)) > MAX_ELEMENTS:
            raise InputError(f"{tensor} of shape {einsum.shape(tensor)}: more than {MAX_ELEMENTS} elements")
    return einsum

"""A layer as matrix products, one per group, read tile by tile.

    Z[m, n] = sum over k of A[m, k] B[k, n],   k = (r S + s) C + c,   n = (b P + p) Q + q      (conv2d)
    B[k, n] = I[b, g C + c, sh p + dh r - ph, sw q + dw s - pw], zero outside the tensor       (Toeplitz, im2col)

C counts the channels of a group and runs fastest; a GEMM is itself. The Toeplitz matrix is gathered tile by tile
and never held whole. Source of the lowering: Chellapilla et al., High performance convolutional neural networks
for document processing, 2006.

Operands whose integers were not recorded (masks, floating point) get seeded stand-ins at the same positions,
a function of seed, operand and element only: with h = splitmix64(seed, element), h mod 14 of -7 .. -1, 1 .. 7.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.workload.remembered import remembered
from simulator.workload.standin import standins
from simulator.workload.tensor import KEPT, Tensor, recent
from simulator.workload.toeplitz import counted, gather, touched

if TYPE_CHECKING:
    from simulator.workload.layer import Layer

HELD = 1 << 27
"""Bytes up to which an operand is read once and held while its view lives; larger ones are read per tile."""

_EXACT = {np.float32: 1 << 24, np.float64: 1 << 53}
"""Up to these, every integer is a number of the type, and sums of products are exact in whatever order."""
_REDUCED = 4096


def flat_mask(weights: Tensor, start: int, stop: int) -> NDArray[np.bool_]:
    """Which weights of some rows are non-zero, shape (stop - start, K): what checks a layer and what lowers it read the same."""

    def turned() -> NDArray[Any]:
        return flat_weights(weights.mask_rows(start, stop))

    small = (stop - start) * math.prod(weights.shape[1:]) <= KEPT
    if small and math.prod(weights.shape[2:]) > 1:
        return recent.get(weights, ("flat", start, stop), turned)
    return turned()


def flat_weights(weights: NDArray[Any]) -> NDArray[Any]:
    """Weights (M, C, R, S) as (M, K) with channels fastest; (M, K) as it is."""
    if weights.ndim == 2:
        return weights
    size = weights.shape[1] * weights.shape[2] * weights.shape[3]
    return np.ascontiguousarray(weights.transpose(0, 2, 3, 1)).reshape(len(weights), size)


class GemmView:
    """The matrices of a layer.

    Parameters
    ----------
    layer : Layer
    seed : int
        Seeds the stand-ins of operands without recorded integers.

    Attributes
    ----------
    groups : int
    M, N, K : int
        Per group.
    """

    def __init__(self, layer: Layer, seed: int = 0) -> None:
        self.layer, self.seed = layer, seed
        size = dict(layer.einsum.ranks)
        self._conv = layer.einsum.operation == "conv2d"
        self.groups = size.get("g", 1)
        self.M = size["m"]
        self.N = size["b"] * size["p"] * size["q"] if self._conv else size["n"]
        self.K = size["r"] * size["s"] * size["c"] if self._conv else size["k"]
        self._held: dict[str, NDArray[Any]] = {}
        self._last: tuple[tuple[str, int, int, int], NDArray[Any]] | None = None
        self._unique: dict[tuple[int, ...], tuple[int, int]] = {}

    def integers(self, seed: int) -> GemmView:
        """The same matrices with stand-ins of another seed."""
        return GemmView(self.layer, seed)

    @property
    def operands(self) -> str:
        """What :meth:`weights` and :meth:`inputs` are, in words."""
        tensors = {"weights": self.layer.weights, "inputs": self.layer.inputs}
        missing = [name for name, tensor in tensors.items() if not tensor.integral]
        if not missing:
            return "recorded integers"
        kinds = " and ".join(f"{name} ({tensors[name].dtype})" for name in missing)
        return f"seeded integers (seed {self.seed}) on the recorded non-zeros of {kinds}" + (
            "" if len(missing) == 2 else "; recorded integers otherwise"
        )

    # --- weights ----------------------------------------------------------------------------------------------

    def weights(self, group: int, m0: int = 0, m1: int | None = None) -> NDArray[Any]:
        """Integer weights m0 <= m < m1 of a group (all by default), shape (m1 - m0, K): recorded, or stand-ins."""
        return self._filters(group, "values", m0, m1)

    def weights_mask(self, group: int, m0: int = 0, m1: int | None = None) -> NDArray[np.bool_]:
        """Non-zeros of the same rows as :meth:`weights`, bool."""
        return self._filters(group, "mask", m0, m1)

    def _filters(self, group: int, what: str, m0: int, m1: int | None) -> NDArray[Any]:
        stop = self.M if m1 is None else m1
        self._check("group", group, group + 1, self.groups)
        self._check("M", m0, stop, self.M)
        key = (what, group, m0, stop)
        if self._last is None or self._last[0] != key:
            tensor, first, last = self.layer.weights, group * self.M + m0, group * self.M + stop
            masks = what == "mask"
            rows = flat_mask(tensor, first, last) if masks else self._rows(tensor, what, first, last)
            self._last = key, rows if masks else flat_weights(rows)
        return self._last[1]

    # --- inputs -----------------------------------------------------------------------------------------------

    def inputs(self, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        """Integer inputs k0 <= k < k1, n0 <= n < n1 of a group: recorded, or stand-ins (see the module).

        Returns
        -------
        ndarray of integers, shape (k1 - k0, n1 - n0)
            Positions in the padding are zero.
        """
        return self._tile("values", group, k0, k1, n0, n1)

    def inputs_mask(self, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[np.bool_]:
        """Non-zeros of the same tile as :meth:`inputs`, bool."""
        return self._tile("mask", group, k0, k1, n0, n1)

    def _tile(self, what: str, group: int, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        self._check("group", group, group + 1, self.groups)
        self._check("K", k0, k1, self.K)
        self._check("N", n0, n1, self.N)
        if not self._conv:
            return self._matrix(what, k0, k1, n0, n1)
        first, images = self._images(what, n0, n1)
        if what == "mask" and self._plain and len(images) == 1:
            rows = images[0, group * self.K + k0 : group * self.K + k1]
            begin = n0 - first * self._plane
            return np.ascontiguousarray(rows.reshape(k1 - k0, self._plane)[:, begin : begin + n1 - n0])
        out = np.zeros((k1 - k0, n1 - n0), dtype=images.dtype)
        if out.size:
            gather(np.ascontiguousarray(images), out, group, k0, n0 - first * self._plane, self._window)
        return out

    def image(self, group: int, number: int) -> NDArray[Any]:
        """Integer inputs of a group in one image, shape (C, H, W); those of a matrix product are one of (K, 1, N)."""
        return self._image("values", group, number)

    def image_mask(self, group: int, number: int) -> NDArray[np.bool_]:
        """Non-zeros of the same image as :meth:`image`, bool."""
        return self._image("mask", group, number)

    def _image(self, what: str, group: int, number: int) -> NDArray[Any]:
        self._check("group", group, group + 1, self.groups)
        if not self._conv:
            self._check("image", number, number + 1, 1)
            return self._matrix(what, 0, self.K, 0, self.N)[:, None, :]
        self._check("image", number, number + 1, self.N // self._plane)
        first, images = self._images(what, number * self._plane, (number + 1) * self._plane)
        channels = slice(group * self.channels, (group + 1) * self.channels)
        return images[number - first, channels]

    @property
    def images(self) -> NDArray[np.bool_] | None:
        """Non-zeros of all images, shape (B, all channels, H, W), whose Toeplitz matrix the inputs are; None where they are the
        matrix themselves, or too large to be held.
        """
        if not self._conv or not self._holds(self.layer.inputs):
            return None
        images = self._whole("mask")
        return None if self._plain and len(images) == 1 else images

    @property
    def channels(self) -> int:
        """Channels of a group, of a convolution."""
        return int(self._window[0])

    def row_counts(self, group: int, columns: int) -> NDArray[np.int64]:
        """Non-zeros of every row of the inputs in each tile of so many columns, shape (K, tiles); of :attr:`images`."""
        taps = self.K // self.channels
        return counted(self._whole("mask"), group, taps, columns, self._window)

    def unrolled(self, images: NDArray[Any]) -> NDArray[Any]:
        """The Toeplitz matrix of other images of the same positions, shape (B, channels, H, W), zero in the padding."""
        window, taps, channels = self._window.copy(), self.K // self.channels, images.shape[1]
        window[0] = channels
        out = np.zeros((taps * channels, self.N), dtype=images.dtype)
        gather(np.ascontiguousarray(images), out, 0, 0, 0, window)
        return out

    def unique_inputs(self, group: int, k0: int, k1: int, n0: int, n1: int) -> tuple[int, int]:
        """(Elements, non-zeros) of the raw input tensor the tile touches, each once; padding is not an element."""
        key = (group, k0, k1, n0, n1)
        if key not in self._unique:
            self._unique[key] = self._count(*key)
        return self._unique[key]

    def _count(self, group: int, k0: int, k1: int, n0: int, n1: int) -> tuple[int, int]:
        if not self._conv or k0 >= k1 or n0 >= n1:
            tile = self.inputs_mask(group, k0, k1, n0, n1)
            return tile.size, int(np.count_nonzero(tile))
        self._check("group", group, group + 1, self.groups)
        self._check("K", k0, k1, self.K)
        self._check("N", n0, n1, self.N)
        first, images = self._images("mask", n0, n1)
        columns = np.array([n0, n1], dtype=np.int64) - first * self._plane
        elements, nonzeros = self._touched(images, group, np.array([k0, k1], dtype=np.int64), columns)[0, 0]
        return int(elements), int(nonzeros)

    def unique_tiles(
        self, group: int, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """:meth:`unique_inputs` of every tile between cuts of K and N.

        Parameters
        ----------
        group : int
        rows, columns : ndarray of int64
            First row of every tile and K; first column of every tile and N.

        Returns
        -------
        ndarray of int64, shape (column tiles, row tiles, 2)
        """
        if self._conv and self._holds(self.layer.inputs):
            return self._touched(self._whole("mask"), group, rows, columns)
        found = np.zeros((len(columns) - 1, len(rows) - 1, 2), dtype=np.int64)
        for j in range(len(columns) - 1):
            for i in range(len(rows) - 1):
                tile = int(rows[i]), int(rows[i + 1]), int(columns[j]), int(columns[j + 1])
                found[j, i] = self.unique_inputs(group, *tile)
        return found

    def _touched(
        self, images: NDArray[np.bool_], group: int, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        return touched(images, group, (rows, columns), self._window)

    @cached_property
    def distinct(self) -> bool:
        """Whether every element of the inputs' matrix is an element of the raw tensor of its own."""
        if not self._conv:
            return True
        size = dict(self.layer.einsum.ranks)
        return size["r"] == size["s"] == 1 and not any(self._parameters["padding"])

    # --- reference --------------------------------------------------------------------------------------------

    def reference(self, group: int, m0: int, m1: int, n0: int, n1: int) -> NDArray[np.int64]:
        """Dense integer einsum of outputs m0 <= m < m1, n0 <= n < n1 of a group.

        Returns
        -------
        ndarray of int64, shape (m1 - m0, n1 - n0)

        Raises
        ------
        InputError
            A sum might not fit in 64 bits.
        """
        self._check("M", m0, m1, self.M)
        box = group, m0, m1, n0, n1
        if type(self) is not GemmView:  # whose matrices are not the layer's own
            return self._reference(*box)
        return remembered.get(self.layer, (self.seed, *box), lambda: self._reference(*box))

    def _reference(self, group: int, m0: int, m1: int, n0: int, n1: int) -> NDArray[np.int64]:
        out = np.zeros((m1 - m0, n1 - n0), dtype=np.int64)
        weights = self.weights(group, m0, m1)
        for k in range(0, self.K, _REDUCED):
            a = weights[:, k : k + _REDUCED]
            b = self.inputs(group, k, min(self.K, k + _REDUCED), n0, n1)
            out += self._product(a, b)
        return out

    def _product(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
        if not a.size or not b.size:
            return np.zeros((len(a), b.shape[1]), dtype=np.int64)
        most = [max(int(x.max()), -int(x.min())) for x in (a, b)]
        bound = most[0] * most[1] * self.K
        if bound >= 1 << 63:
            raise InputError(
                f"layer {self.layer.name!r}: {self.K} products of integers up to {most[0]} and {most[1]} "
                "may not fit in 64 bits"
            )
        for kind, exact in _EXACT.items():
            if bound < exact:
                return np.asarray((a.astype(kind) @ b.astype(kind)).astype(np.int64))
        return np.asarray(a.astype(np.int64) @ b.astype(np.int64))

    # --- reading ----------------------------------------------------------------------------------------------

    @cached_property
    def _parameters(self) -> dict[str, list[int]]:
        """Of a convolution."""
        return self.layer.einsum.parameters

    @cached_property
    def _window(self) -> NDArray[np.int64]:
        """C, S, Q, P, then stride, dilation and padding of both axes: what the Toeplitz kernels need."""
        size, p = dict(self.layer.einsum.ranks), self._parameters
        sizes = [size[rank] for rank in ("c", "s", "q", "p")]
        return np.array([*sizes, *p["stride"], *p["dilation"], *p["padding"]], dtype=np.int64)

    @cached_property
    def _plain(self) -> bool:
        """Whether positions are read where they are, each once, so that the Toeplitz matrix of an image is the image."""
        return self.distinct and tuple(self._parameters["stride"]) == (1, 1)

    @cached_property
    def _plane(self) -> int:
        """Output positions of an image."""
        return int(self._window[2] * self._window[3])

    def _images(self, what: str, n0: int, n1: int) -> tuple[int, NDArray[Any]]:
        """(First image, images) holding at least the images of columns n0 .. n1 - 1."""
        tensor = self.layer.inputs
        if self._holds(tensor):
            return 0, self._whole(what)
        first = min(n0, self.N - 1) // self._plane
        return first, self._rows(tensor, what, first, max(first + 1, -(-n1 // self._plane)))

    def _matrix(self, what: str, k0: int, k1: int, n0: int, n1: int) -> NDArray[Any]:
        tensor = self.layer.inputs
        if self._holds(tensor):
            return self._whole(what)[k0:k1, n0:n1]
        box = tensor.box(k0, k1, n0, n1)
        return self._seen(tensor, what, box, k0 * self.N + n0, self.N)

    @staticmethod
    def _holds(tensor: Tensor) -> bool:
        return tensor.size * (tensor.bits or 8) <= 8 * HELD

    def _whole(self, what: str) -> NDArray[Any]:
        if what not in self._held:
            tensor = self.layer.inputs
            self._held[what] = self._rows(tensor, what, 0, tensor.shape[0])
        return self._held[what]

    def _rows(self, tensor: Tensor, what: str, start: int, stop: int) -> NDArray[Any]:
        if what == "mask":
            return tensor.mask_rows(start, stop)
        rows = tensor.rows(start, stop)
        row = tensor.size // tensor.shape[0]
        return self._seen(tensor, what, rows.reshape(stop - start, row), start * row, row).reshape(rows.shape)

    def _seen(self, tensor: Tensor, what: str, box: NDArray[Any], first: int, pitch: int) -> NDArray[Any]:
        """A box of a tensor as what is asked for; `first` is its first element, `pitch` from row to row."""
        if what == "mask":
            return np.asarray(box != 0)
        if tensor.integral:
            return box
        operand = 0 if tensor is self.layer.weights else 1
        name = self.seed, operand, first, pitch, box.shape
        return remembered.get(tensor, name, lambda: standins(box, first, pitch, self.seed, operand))

    def _check(self, rank: str, start: int, stop: int, size: int) -> None:
        if not 0 <= start <= stop <= size:
            raise InputError(f"layer {self.layer.name!r}: {rank} {start}..{stop}: must lie within 0..{size}")

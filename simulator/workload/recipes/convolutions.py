"""Models made of convolutions: square kernels over square images, also in groups, and fully connected layers behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.patterns import Pattern, parse
from simulator.workload.layer import Layer, conv2d, gemm


@dataclass(frozen=True)
class Convolution:
    """One layer: a kernel of `kernel` x `kernel` over `size` x `size` positions (kernel 0: fully connected).

    Attributes
    ----------
    name : str
    inputs, outputs : int
        Channels, of all groups together.
    kernel, size, stride, groups : int
    padding : int, optional
        Zeros on every side; half the kernel if not given.
    activated : bool
        Its inputs come out of an activation function that makes zeros; the others are dense.
    follows : bool
        Its inputs are exactly the outputs of the layer before.
    pruned : bool
        Its weights follow the pattern; those of the first layer and of depthwise layers stay dense.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    size: int
    stride: int = 1
    groups: int = 1
    padding: int | None = None
    activated: bool = True
    follows: bool = False
    pruned: bool = True

    @property
    def macs(self) -> int:
        """Dense multiplications per image, padding included."""
        if not self.kernel:
            return self.inputs * self.outputs
        return self.positions**2 * self.weights

    @property
    def weights(self) -> int:
        """Elements of the kernel."""
        return self.outputs * (self.inputs // self.groups) * max(1, self.kernel) ** 2

    def operands(self, batch: int) -> tuple[tuple[int, ...], ...]:
        """Shapes of weights and inputs."""
        side = max(1, self.kernel)
        return (self.outputs, self.inputs // self.groups, side, side), (
            batch,
            self.inputs,
            self.size,
            self.size,
        )

    @property
    def positions(self) -> int:
        """Height and width of the outputs."""
        return (self.size + 2 * self.pads - self.kernel) // self.stride + 1

    @property
    def pads(self) -> int:
        """Zeros on every side."""
        return self.kernel // 2 if self.padding is None else self.padding


def layer(shape: Convolution, weights: Pattern, inputs: Pattern, batch: int, seeds: list[int]) -> Layer:
    """One layer with masks drawn: weights to a pattern along the flattened K where it is pruned, inputs along their channels where
    they are activated."""
    dense = parse("dense")
    weights, inputs = (weights if shape.pruned else dense), (inputs if shape.activated else dense)
    m, c, r = shape.outputs, shape.inputs // shape.groups, max(1, shape.kernel)
    flat = weights.generate((m, r * r * c), axis=-1, seed=seeds[0])
    if not shape.kernel:
        return gemm(flat, inputs.generate((c, batch), axis=0, seed=seeds[1]), shape.name, weights.text)
    kernel: NDArray[np.bool_] = np.ascontiguousarray(flat.reshape(m, r, r, c).transpose(0, 3, 1, 2))
    images = inputs.generate((batch, shape.inputs, shape.size, shape.size), axis=1, seed=seeds[1])
    made = conv2d(kernel, images, shape.stride, shape.pads, groups=shape.groups, name=shape.name)
    return replace(made, pattern=weights.text)

"""The 54 weight layers of ResNet-50 (v1.5) on 224 x 224 images, with seeded synthetic sparsity: masks only.

Shapes: He et al., Deep residual learning for image recognition, 2015 (arXiv 1512.03385), table 1; the stride of a
stage's first block is on its 3x3 convolution, and layers are named, as in torchvision's resnet50 (v1.5). Layers are
in running order, the shortcut's convolution (downsample.0) after the block's own three.

Weights follow `pattern` along the flattened K; the first convolution has 3 input channels and stays dense, and
its image is dense. All other inputs are non-zero with `density`, anywhere. Within a block the outputs of one
convolution are the inputs of the next; other outputs (pooled, or added to a shortcut) are declared dense.
Nothing here is trained: only shapes and densities are ResNet-50's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.sparsity.patterns import Pattern, parse
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.recipes.masks import at_least_one, concrete, non_zero

OPTIONS: dict[str, Any] = {"pattern": "C1(4:8)->C0(2:4)", "density": "0.5", "batch": 1, "seed": 0}

_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
_EXPANSION, _IMAGE, _CLASSES = 4, 224, 1000


@dataclass(frozen=True)
class Shape:
    """One layer: a square kernel over `size` x `size` positions (kernel 0: fully connected)."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    size: int
    stride: int = 1

    @property
    def chained(self) -> bool:
        """Whether the next layer reads exactly this one's outputs: the first two convolutions of a block."""
        return self.name.startswith("layer") and self.name.endswith(("conv1", "conv2"))


def shapes() -> Iterator[Shape]:
    """All layers in running order."""
    yield Shape("conv1", 3, 64, 7, _IMAGE, 2)
    channels, size = 64, _IMAGE // 4
    for stage, (width, blocks) in enumerate(_STAGES, start=1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name, wide = f"layer{stage}.{block}", width * _EXPANSION
            yield Shape(f"{name}.conv1", channels, width, 1, size)
            yield Shape(f"{name}.conv2", width, width, 3, size, stride)
            yield Shape(f"{name}.conv3", width, wide, 1, size // stride)
            if block == 0:
                yield Shape(f"{name}.downsample.0", channels, wide, 1, size, stride)
            channels, size = wide, size // stride
    yield Shape("fc", channels, _CLASSES, 0, 1)


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Draw the masks; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        A pattern nothing can be generated from, a density outside 0..1, or a batch of no images.
    """
    pattern, batch = concrete(options["pattern"]), at_least_one("batch", options["batch"])
    inputs, dense = non_zero(options["density"]), parse("dense")
    found = list(shapes())
    layers: list[Layer] = []
    for i, shape in enumerate(found):
        first = i == 0
        seeds = [options["seed"] * 1_000 + 2 * i + j for j in range(2)]
        layers.append(layer(shape, dense if first else pattern, dense if first else inputs, batch, seeds))
        if i and found[i - 1].chained:
            before = layers[-1].inputs.mask
            layers[-2] = layers[-2].with_outputs(before, "next layer's input")
        progress(i + 1, len(found))
    attrs = {**options, "recipe": "resnet50_shapes", "description": str(__doc__).strip()}
    return Trace("resnet50_shapes", tuple(layers), attrs)


def layer(shape: Shape, weights: Pattern, inputs: Pattern, batch: int, seeds: list[int]) -> Layer:
    """One layer: weights to a pattern along the flattened K, inputs to one along their channels."""
    m, c, r = shape.outputs, shape.inputs, max(1, shape.kernel)
    flat = weights.generate((m, r * r * c), axis=-1, seed=seeds[0])
    if not shape.kernel:
        return gemm(flat, inputs.generate((c, batch), axis=0, seed=seeds[1]), shape.name, weights.text)
    kernel: NDArray[np.bool_] = np.ascontiguousarray(flat.reshape(m, r, r, c).transpose(0, 3, 1, 2))
    images = inputs.generate((batch, c, shape.size, shape.size), axis=1, seed=seeds[1])
    made = conv2d(kernel, images, shape.stride, shape.kernel // 2, name=shape.name)
    return replace(made, pattern=weights.text)

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
from typing import Any

from simulator.workload.model import Trace
from simulator.workload.recipes.convolutions import Convolution
from simulator.workload.recipes.masks import EXAMPLE, at_least_one
from simulator.workload.recipes.synthetic import trace

OPTIONS: dict[str, Any] = {"pattern": EXAMPLE, "density": "0.5", "batch": 1, "seed": 0}

_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
_EXPANSION, _IMAGE, _CLASSES = 4, 224, 1000


def shapes() -> Iterator[Convolution]:
    """All layers in running order."""
    yield Convolution("conv1", 3, 64, 7, _IMAGE, 2, activated=False, pruned=False)
    channels, size = 64, _IMAGE // 4
    for stage, (width, blocks) in enumerate(_STAGES, start=1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name, wide = f"layer{stage}.{block}", width * _EXPANSION
            yield Convolution(f"{name}.conv1", channels, width, 1, size)
            yield Convolution(f"{name}.conv2", width, width, 3, size, stride, follows=True)
            yield Convolution(f"{name}.conv3", width, wide, 1, size // stride, follows=True)
            if block == 0:
                yield Convolution(f"{name}.downsample.0", channels, wide, 1, size, stride)
            channels, size = wide, size // stride
    yield Convolution("fc", channels, _CLASSES, 0, 1)


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Draw the masks; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        A pattern nothing can be generated from, a density outside 0..1, or a batch of no images.
    """
    attrs = {**options, "recipe": "resnet50_shapes", "description": str(__doc__).strip()}
    return trace("resnet50_shapes", list(shapes()), attrs, progress, at_least_one("batch", options["batch"]))

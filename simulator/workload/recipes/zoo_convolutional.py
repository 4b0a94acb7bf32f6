"""Convolutional networks, layer by layer; sources in :mod:`simulator.workload.recipes.zoo`."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.workload.recipes.convolutions import Convolution

_CLASSES = 1000
_VGG = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
"""Per pair of layers of MobileNet: outputs of the pointwise half, stride of the depthwise half."""
_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Table 2: expansion t, outputs c, repetitions n, stride s of the first."""


def alexnet(batch: int) -> Iterator[Convolution]:
    """AlexNet: pooling of 3 x 3 with stride 2 behind the first, second and fifth convolution."""
    yield Convolution("conv1", 3, 96, 11, 227, 4, padding=0, activated=False, pruned=False)
    yield Convolution("conv2", 96, 256, 5, 27, groups=2)
    yield Convolution("conv3", 256, 384, 3, 13)
    yield Convolution("conv4", 384, 384, 3, 13, groups=2, follows=True)
    yield Convolution("conv5", 384, 256, 3, 13, groups=2, follows=True)
    yield from _classifier(256 * 6 * 6, ("fc6", "fc7", "fc8"))


def vgg16(batch: int) -> Iterator[Convolution]:
    """VGG-16: pooling of 2 x 2 behind every stage."""
    channels, size = 3, 224
    for i, stage in enumerate(_VGG, start=1):
        for j, width in enumerate(stage, start=1):
            first = channels == 3
            yield Convolution(
                f"conv{i}_{j}", channels, width, 3, size, activated=not first, follows=j > 1, pruned=not first
            )
            channels = width
        size //= 2
    yield from _classifier(channels * size * size, ("fc6", "fc7", "fc8"))


def _classifier(inputs: int, names: tuple[str, str, str]) -> Iterator[Convolution]:
    """Two hidden layers of 4096, then the classes."""
    for i, (name, outputs) in enumerate(zip(names, (4096, 4096, _CLASSES), strict=True)):
        yield Convolution(name, inputs, outputs, 0, 1, follows=i > 0)
        inputs = outputs


def mobilenet_v1(batch: int) -> Iterator[Convolution]:
    """MobileNet: ReLU behind every layer, no shortcuts, so that every layer reads the one before."""
    yield Convolution("conv1", 3, 32, 3, 224, 2, activated=False, pruned=False)
    channels, size = 32, 112
    for i, (width, stride) in enumerate(_V1, start=2):
        yield Convolution(
            f"depthwise{i}", channels, channels, 3, size, stride, channels, follows=True, pruned=False
        )
        size //= stride
        yield Convolution(f"pointwise{i}", channels, width, 1, size, follows=True)
        channels = width
    yield Convolution("fc", channels, _CLASSES, 0, 1)


def mobilenet_v2(batch: int) -> Iterator[Convolution]:
    """MobileNetV2: expansion, depthwise convolution, linear projection; the first block has no expansion."""
    yield Convolution("conv1", 3, 32, 3, 224, 2, activated=False, pruned=False)
    channels, size, block = 32, 112, 0
    for expansion, width, repetitions, first in _V2:
        for i in range(repetitions):
            name, stride, wide = f"block{block}", first if i == 0 else 1, channels * expansion
            if expansion > 1:
                yield Convolution(f"{name}.expand", channels, wide, 1, size, activated=False)
            yield Convolution(
                f"{name}.depthwise", wide, wide, 3, size, stride, wide, follows=True, pruned=False
            )
            size //= stride
            yield Convolution(f"{name}.project", wide, width, 1, size, follows=True)
            channels, block = width, block + 1
    yield Convolution("conv_last", channels, 1280, 1, size, activated=False)
    yield Convolution("fc", 1280, _CLASSES, 0, 1)

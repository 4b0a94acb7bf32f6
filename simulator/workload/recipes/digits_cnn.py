"""A small convolutional network trained on handwritten digits, at four degrees of weight sparsity, in int8.

Data: scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C.
Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0): 1,797 grey images of 8 x 8 pixels, 0..16.
A stratified quarter is held out for testing.

Network: conv 3x3 1->32, conv 3x3 32->64, conv 3x3 64->64 with stride 2, fully connected 1024->64, 64->10; ReLU
between; no pooling, so every layer's outputs are the next layer's inputs. Trained once dense; for each degree
pruned by magnitude along the flattened K = (R, S, C), channels fastest, and fine-tuned with the masks fixed.
The first convolution has one input channel and stays dense at every degree, as is usual.

int8: symmetric per-tensor scales, zero points 0, no retraining. A layer's outputs are

    clip(rint((Z + bias) multiplier), low, 127),   low = 0 behind a ReLU, -127 for the last layer

with Z the integer einsum of the recorded operands and bias, multiplier in the layer's attributes. Recorded
are the operands of each layer on a few test images. Layers are named degree/layer.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.packages import package
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.recipes.int8 import Quantised, accuracy, quantise, run
from simulator.workload.recipes.training import LAYERS, Network, Trainer, digits

OPTIONS: dict[str, Any] = {"seed": 0, "images": 8, "epochs": 40, "finetune_epochs": 20}

DEGREES = {
    "dense": "dense",
    "s50": "C1(4:4)->C0(2:4)",
    "s67": "C1(4:8)->C0(2:3)",
    "s75": "C1(4:8)->C0(2:4)",
}
"""Name of each degree and the weights' pattern."""


def make(options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Train, prune, quantise and record; options as in :data:`OPTIONS`.

    Raises
    ------
    InputError
        PyTorch or scikit-learn is not installed, or fewer than one image is asked for.
    """
    package("torch", "train")
    data = digits(options["seed"])
    if not 1 <= options["images"] <= len(data.test_labels):
        raise InputError(
            f"images={options['images']}: must be 1 to {len(data.test_labels)}, the images held out"
        )
    steps = options["epochs"] + options["finetune_epochs"] * (len(DEGREES) - 1)
    trainer = Trainer(data, options["seed"], steps, progress)
    with trainer.deterministic():
        dense = trainer.train(options["epochs"])
        networks = {"dense": dense}
        for degree, pattern in DEGREES.items():
            if degree != "dense":
                networks[degree] = trainer.prune(dense, pattern, options["finetune_epochs"])
        floats = {degree: trainer.accuracy(network) for degree, network in networks.items()}
    layers: list[Layer] = []
    integers = {}
    for degree, network in networks.items():
        quantised = quantise(network, data.train_images)
        integers[degree] = accuracy(quantised, data.test_images, data.test_labels)
        layers += record(degree, network, quantised, data.test_images[: options["images"]])
    return Trace("digits_cnn", tuple(layers), _attrs(options, floats, integers, len(data.test_labels)))


def record(degree: str, network: Network, quantised: Quantised, images: NDArray[np.int8]) -> list[Layer]:
    """The layers of a network with their int8 operands on some images."""
    activations = run(quantised, images)
    layers = []
    for i, spec in enumerate(LAYERS):
        name, pattern = f"{degree}/{spec.name}", network.patterns[i]
        weights, inputs, outputs = quantised.weights[i], activations[i], activations[i + 1]
        if spec.kernel:
            layer = conv2d(weights, inputs, spec.stride, spec.padding, name=name, pattern=pattern)
            mask = outputs != 0
        else:
            columns = np.ascontiguousarray(inputs.reshape(len(images), -1).T)
            layer = gemm(weights, columns, name=name, pattern=pattern)
            mask = np.ascontiguousarray(outputs.T != 0)
        last = i == len(LAYERS) - 1
        layer = layer.with_outputs(mask, "recorded" if last else "next layer's input")
        layers.append(replace(layer, attrs=_layer_attrs(quantised, i)))
    return layers


def _layer_attrs(quantised: Quantised, i: int) -> dict[str, Any]:
    return {
        "weights_scale": quantised.weight_scales[i],
        "inputs_scale": quantised.scales[i],
        "outputs_scale": quantised.scales[i + 1],
        "zero_points": [0, 0, 0],
        "multiplier": quantised.multipliers[i],
        "bias": [int(b) for b in quantised.biases[i]],
        "outputs_low": quantised.lows[i],
    }


def _attrs(
    options: dict[str, Any], floats: dict[str, float], integers: dict[str, float], tested: int
) -> dict[str, Any]:
    return {
        **options,
        "recipe": "digits_cnn",
        "description": str(__doc__).strip(),
        "data": "Optical Recognition of Handwritten Digits, UCI, doi 10.24432/C50P49, as shipped in scikit-learn",
        "data_licence": "CC BY 4.0",
        "degrees": list(DEGREES),
        "patterns": list(DEGREES.values()),
        "accuracy_float_percent": [floats[degree] for degree in DEGREES],
        "accuracy_int8_percent": [integers[degree] for degree in DEGREES],
        "tested_images": tested,
        "versions": [
            f"python {platform.python_version()}",
            *(_version(p) for p in ("numpy", "torch", "scikit-learn")),
        ],
    }


def _version(package: str) -> str:
    return f"{package} {metadata.version(package)}"

"""A network on handwritten digits, trained, pruned to several degrees and quantised, as a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.packages import package
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.model import Trace
from simulator.workload.recipes.int8 import Quantised, accuracy, quantise, run
from simulator.workload.recipes.torch_training import versions
from simulator.workload.recipes.training import Network, Spec, Trainer, digits

OPTIONS: dict[str, Any] = {"seed": 0, "images": 8, "epochs": 40, "finetune_epochs": 20}
"""Of every recipe of this kind."""


@dataclass(frozen=True)
class Recipe:
    """What is trained.

    Attributes
    ----------
    name, description : str
        Of the trace.
    specs : tuple of Spec
        Layers of the network.
    degrees : mapping of str to str
        Name of each degree of sparsity and the pattern of the weights that are pruned; the first is dense.
    """

    name: str
    description: str
    specs: tuple[Spec, ...]
    degrees: Mapping[str, str]

    def make(self, options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
        """Train, prune, quantise and record; options as in :data:`OPTIONS`.

        Raises
        ------
        InputError
            PyTorch or scikit-learn is not installed, or fewer than one image is asked for.
        """
        return make(self, options, progress)


def networks(
    recipe: Recipe, options: dict[str, Any], progress: Callable[[int, int], None]
) -> tuple[dict[str, Network], Trainer]:
    """The trained network of every degree in floating point, and what trained them."""
    package("torch", "train")
    data = digits(options["seed"])
    steps = options["epochs"] + options["finetune_epochs"] * (len(recipe.degrees) - 1)
    trainer = Trainer(data, recipe.specs, options["seed"], steps, progress)
    first, *others = recipe.degrees.items()
    dense = trainer.train(options["epochs"])
    made = {first[0]: dense}
    return made | {d: trainer.prune(dense, p, options["finetune_epochs"]) for d, p in others}, trainer


def make(recipe: Recipe, options: dict[str, Any], progress: Callable[[int, int], None]) -> Trace:
    """Train, prune, quantise and record.

    Raises
    ------
    InputError
        PyTorch or scikit-learn is not installed, or fewer than one image is asked for.
    """
    package("torch", "train")
    held = len(digits(options["seed"]).test_labels)
    if not 1 <= options["images"] <= held:
        raise InputError(f"images={options['images']}: must be 1 to {held}, the images held out")
    found, trainer = networks(recipe, options, progress)
    data = trainer.data
    floats = {degree: trainer.accuracy(network) for degree, network in found.items()}
    layers: list[Layer] = []
    integers = {}
    for degree, network in found.items():
        quantised = quantise(network, data.train_images)
        integers[degree] = accuracy(quantised, data.test_images, data.test_labels)
        layers += record(degree, network, quantised, data.test_images[: options["images"]])
    return Trace(recipe.name, tuple(layers), _attrs(recipe, options, floats, integers, held))


def record(degree: str, network: Network, quantised: Quantised, images: NDArray[np.int8]) -> list[Layer]:
    """The layers of a network with their int8 operands on some images."""
    activations = run(quantised, images)
    layers = []
    for i, spec in enumerate(network.specs):
        name, pattern = f"{degree}/{spec.name}", network.patterns[i]
        weights, inputs, outputs = quantised.weights[i], activations[i], activations[i + 1]
        if spec.kernel:
            layer = conv2d(
                weights, inputs, spec.stride, spec.padding, groups=spec.groups, name=name, pattern=pattern
            )
            mask = outputs != 0
        else:
            columns = np.ascontiguousarray(inputs.reshape(len(images), -1).T)
            layer = gemm(weights, columns, name=name, pattern=pattern)
            mask = np.ascontiguousarray(outputs.T != 0)
        last = i == len(network.specs) - 1
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
    recipe: Recipe,
    options: dict[str, Any],
    floats: dict[str, float],
    integers: dict[str, float],
    tested: int,
) -> dict[str, Any]:
    return {
        **options,
        "recipe": recipe.name,
        "description": recipe.description,
        "data": "Optical Recognition of Handwritten Digits, UCI, doi 10.24432/C50P49, as shipped in scikit-learn",
        "data_licence": "CC BY 4.0",
        "degrees": list(recipe.degrees),
        "patterns": list(recipe.degrees.values()),
        "accuracy_float_percent": [floats[degree] for degree in recipe.degrees],
        "accuracy_int8_percent": [integers[degree] for degree in recipe.degrees],
        "tested_images": tested,
        "versions": versions("numpy", "torch", "scikit-learn"),
    }

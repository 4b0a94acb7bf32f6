"""Convolutional networks on handwritten digits: layers, data, training, pruning with fine-tuning.

Training is deterministic for locked versions on one machine: one thread, PyTorch's deterministic algorithms, and every
random number from seeded generators. Adam (Kingma and Ba, 2015), cross entropy, learning rate falling linearly to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.packages import package
from simulator.workload.pruning import keep
from simulator.workload.recipes.torch_training import deterministic

PIXEL = 16
"""Largest pixel value; networks see pixel / 16."""

_BATCH, _RATE, _FINE_RATE = 64, 2e-3, 1e-3


@dataclass(frozen=True)
class Spec:
    """One layer: a convolution of `kernel` x `kernel`, or fully connected when `kernel` is 0; pruned or dense at every degree."""

    name: str
    inputs: int
    outputs: int
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    groups: int = 1
    pruned: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its weights: (M, C / groups, R, S), or (M, K)."""
        window = (self.kernel, self.kernel) if self.kernel else ()
        return (self.outputs, self.inputs // self.groups, *window)


@dataclass(frozen=True)
class Network:
    """Trained parameters.

    Attributes
    ----------
    specs : tuple of Spec
        The layers; ReLU between.
    weights : tuple of ndarray of float32
        (M, C / groups, R, S) of convolutions, (M, K) of fully connected layers.
    biases : tuple of ndarray of float32, shape (M,)
    patterns : tuple of str
        Pattern each layer's weights were pruned to.
    """

    specs: tuple[Spec, ...]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Digits:
    """Images, int8 of shape (N, 1, 8, 8) in 0..16, and labels 0..9, int64 of shape (N,)."""

    train_images: NDArray[np.int8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.int8]
    test_labels: NDArray[np.int64]


def digits(seed: int) -> Digits:
    """The data set, a stratified quarter held out."""
    data = package("sklearn.datasets", "train").load_digits()
    images = data.images.astype(np.int8)[:, None]
    split = package("sklearn.model_selection", "train").train_test_split
    train, test, labels, held = split(
        images, data.target.astype(np.int64), test_size=0.25, random_state=seed, stratify=data.target
    )
    return Digits(train, labels, test, held)


class Trainer:
    """Trains networks on the digits.

    Parameters
    ----------
    data : Digits
    specs : sequence of Spec
        Layers of the network.
    seed : int
    steps : int
        Epochs of all training together, for `progress`.
    progress : callable
    """

    def __init__(
        self,
        data: Digits,
        specs: Sequence[Spec],
        seed: int,
        steps: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self.torch = package("torch", "train")
        self.data, self.specs = data, tuple(specs)
        self.seed, self.steps, self.progress = seed, steps, progress
        self._done = 0

    def train(self, epochs: int) -> Network:
        """A dense network from seeded He-initialised weights."""
        rng = np.random.default_rng(self.seed)
        weights = []
        for spec in self.specs:
            fan = int(np.prod(spec.shape[1:]))
            weights.append((rng.standard_normal(spec.shape) * np.sqrt(2 / fan)).astype(np.float32))
        biases = tuple(np.zeros(spec.outputs, dtype=np.float32) for spec in self.specs)
        start = Network(self.specs, tuple(weights), biases, ("dense",) * len(self.specs))
        return self._fit(start, epochs, _RATE)

    def prune(self, dense: Network, pattern: str, epochs: int) -> Network:
        """Prune the layers that are to be pruned, and fine-tune with the masks fixed."""
        patterns = tuple(pattern if spec.pruned else "dense" for spec in self.specs)
        masks = [keep(w, p) for w, p in zip(dense.weights, patterns, strict=True)]
        weights = tuple(np.asarray(w * m) for w, m in zip(dense.weights, masks, strict=True))
        return self._fit(Network(self.specs, weights, dense.biases, patterns), epochs, _FINE_RATE, masks)

    def _fit(
        self, start: Network, epochs: int, rate: float, masks: list[NDArray[np.bool_]] | None = None
    ) -> Network:
        with deterministic(self.torch):
            return self._fitted(start, epochs, rate, masks)

    def _fitted(
        self, start: Network, epochs: int, rate: float, masks: list[NDArray[np.bool_]] | None
    ) -> Network:
        torch = self.torch
        weights = [torch.tensor(w, requires_grad=True) for w in start.weights]
        biases = [torch.tensor(b, requires_grad=True) for b in start.biases]
        fixed = [torch.tensor(m) for m in masks] if masks else None
        optimiser = torch.optim.Adam([*weights, *biases], lr=rate)
        images, labels = self._tensor(self.data.train_images), torch.tensor(self.data.train_labels)
        rng = np.random.default_rng(self.seed + 1)
        for epoch in range(epochs):
            for group in optimiser.param_groups:
                group["lr"] = rate * (1 - epoch / epochs)
            order = rng.permutation(len(labels))
            for first in range(0, len(order), _BATCH):
                batch = torch.tensor(order[first : first + _BATCH])
                loss = torch.nn.functional.cross_entropy(
                    self._forward(weights, biases, images[batch]), labels[batch]
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                if fixed is not None:
                    with torch.no_grad():
                        for weight, mask in zip(weights, fixed, strict=True):
                            weight *= mask
            self._done += 1
            self.progress(self._done, self.steps)
        arrays = [tuple(t.detach().numpy().copy() for t in group) for group in (weights, biases)]
        return Network(self.specs, arrays[0], arrays[1], start.patterns)

    def _tensor(self, images: NDArray[np.int8]) -> Any:
        return self.torch.tensor(images.astype(np.float32) / PIXEL)

    def _forward(self, weights: list[Any], biases: list[Any], values: Any) -> Any:
        functional = self.torch.nn.functional
        for i, spec in enumerate(self.specs):
            if spec.kernel:
                values = functional.conv2d(
                    values, weights[i], biases[i], spec.stride, spec.padding, groups=spec.groups
                )
            else:
                values = functional.linear(values.reshape(len(values), -1), weights[i], biases[i])
            if i < len(self.specs) - 1:
                values = functional.relu(values)
        return values

    def accuracy(self, network: Network) -> float:
        """Per cent of the held-out images a network names rightly, in floating point."""
        weights = [self.torch.tensor(array) for array in network.weights]
        biases = [self.torch.tensor(array) for array in network.biases]
        with deterministic(self.torch), self.torch.no_grad():
            scores = self._forward(weights, biases, self._tensor(self.data.test_images)).numpy()
        return 100 * float(np.mean(scores.argmax(axis=1) == self.data.test_labels))

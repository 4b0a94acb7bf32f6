"""The character-level transformer in int8 as a subject of search: quality is 1 / perplexity per character.

The search measures on calibration text, what it found is told on held-out text. Products of activations with activations (scores,
context) have no series; they run as they are.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.search.tasder.greedy import Choice, Choices
from simulator.transform.tasd import decompose
from simulator.workload.layer import Layer, conv2d, gemm
from simulator.workload.networks.text import Tokens
from simulator.workload.networks.transformer import Floats, Transformer, perplexity
from simulator.workload.networks.transformer_int8 import Int8, calibrate, rounded


class Decomposed:
    """Products in int8 of which one operand is the sum of its terms; a callable as ``transformer.Multiply``."""

    def __init__(self, scales: Any, choices: Choices) -> None:
        self.plain, self.scales, self.choices = Int8(scales), scales, choices
        self._weights: dict[str, NDArray[np.int8]] = {}

    def __call__(self, name: str, a: Floats, b: Floats) -> Floats:
        """The product of two operands."""
        choice = self.choices.get(name)
        if choice is None:
            return self.plain(name, a, b)
        (left, right), (side, series) = self.scales[name], choice
        if name not in self._weights:
            qa = rounded(a, left)
            self._weights[name] = (
                decompose(qa, series, axis=1, pad=True).approximation if side == "weights" else qa
            )
        qb = rounded(b, right)
        if side == "inputs":
            qb = decompose(qb, series, axis=1, pad=True).approximation
        made: Floats = (self._weights[name].astype(np.float32) @ qb.astype(np.float32)) * np.float32(
            left * right
        )
        return made


class TransformerSubject:
    """A transformer; see :class:`simulator.search.tasder.subject.Subject`.

    Parameters
    ----------
    name : str
        Layers are called name/product.
    network : Transformer
    calibration : ndarray of uint8, shape (sequences, context)
    held_out : ndarray of uint8, shape (characters,)
    sequences : int
        Of the calibration text whose operands are simulated together.
    characters : int, optional
        Of the calibration text that quality is measured on; all if not given.
    """

    measure = "1 / perplexity per character of calibration text (unseen: held-out text)"

    def __init__(
        self,
        name: str,
        network: Transformer,
        calibration: Tokens,
        held_out: Tokens,
        sequences: int = 4,
        characters: int | None = None,
    ) -> None:
        self.name, self.network, self.held_out = name, network, held_out
        self._text = calibration.reshape(-1)[:characters]
        self.scales = calibrate(network, calibration)
        recorded: dict[str, tuple[NDArray[np.int8], NDArray[np.int8]]] = {}
        network.logits(calibration[:sequences], Int8(self.scales, recorded))
        self.recorded = recorded
        self.layers = tuple(_layer(f"{name}/{key}", *pair) for key, pair in recorded.items())
        self.searched = tuple(f"{name}/{key}" for key in network.shape.linears)

    @property
    def state(self) -> dict[str, Any]:
        """See :class:`Subject`."""
        digest = hashlib.sha256(self._text.tobytes())
        for key in sorted(self.network.parameters):
            digest.update(self.network.parameters[key].tobytes())
        return {"network": self.name, "sha256": digest.hexdigest()}

    def tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """See :class:`Subject`."""
        a, b = self.recorded[name.removeprefix(f"{self.name}/")]
        return {"weights": a, "inputs": np.ascontiguousarray(b.swapaxes(1, 2)).reshape(-1, b.shape[1])}

    def quality(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        return self._measured(self._text, choices)

    def unseen(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        return self._measured(self.held_out, choices)

    def _measured(self, text: Tokens, choices: Choices) -> float:
        short: dict[str, Choice] = {key.removeprefix(f"{self.name}/"): told for key, told in choices.items()}
        return 1 / perplexity(self.network, text, Decomposed(self.scales, short))


def _layer(name: str, a: NDArray[np.int8], b: NDArray[np.int8]) -> Layer:
    """A product of all sequences: tokens side by side, or a group per sequence and head."""
    if a.ndim == 2:
        return gemm(a, np.ascontiguousarray(b.transpose(1, 0, 2)).reshape(b.shape[1], -1), name)
    batch, heads, m, k = a.shape
    filters = np.ascontiguousarray(a.reshape(batch * heads * m, k, 1, 1))
    images = np.ascontiguousarray(b.reshape(1, batch * heads * k, 1, -1))
    return conv2d(filters, images, groups=batch * heads, name=name)

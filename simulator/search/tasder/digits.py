"""The int8 networks of the digits as subjects of search: quality is the share of images they name rightly.

Their traces hold all of such a network: weights, biases, scales. The images held out from training are split in two: the search
measures on the first half, what it found is told on the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.lowering.terms.view import Kept, Recorded
from simulator.search.tasder.greedy import Choices
from simulator.transform.tasd import Asked, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView
from simulator.workload.model import Trace
from simulator.workload.recipes.int8 import Quantised, run
from simulator.workload.recipes.training import Spec, digits

RECIPES = ("digits_cnn", "digits_separable")


class DigitsSubject:
    """An int8 network; see :class:`simulator.search.tasder.subject.Subject`.

    Parameters
    ----------
    name : str
    quantised : Quantised
    layers : sequence of Layer
        Its layers as recorded, one per layer of the network.
    images, labels : ndarray
        Held out from training, int8 of shape (N, 1, 8, 8) and int64 of shape (N,).
    """

    measure = "share of held-out images named rightly (first half of them; unseen: the second)"

    def __init__(
        self,
        name: str,
        quantised: Quantised,
        layers: Sequence[Layer],
        images: NDArray[np.int8],
        labels: NDArray[np.int64],
    ) -> None:
        self.name, self.quantised, self.layers = name, quantised, tuple(layers)
        self.searched = tuple(layer.name for layer in layers)
        half = len(labels) // 2
        self._halves = [(images[:half], labels[:half]), (images[half:], labels[half:])]
        self._plain = [run(quantised, some) for some, _ in self._halves]

    @property
    def state(self) -> dict[str, Any]:
        """See :class:`Subject`."""
        sums = [int(np.abs(w.astype(np.int64)).sum()) for w in self.quantised.weights]
        return {
            "network": self.name,
            "weights": sums,
            "images": len(self._halves[0][1]),
            "plain": self.quality({}),
        }

    def tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """See :class:`Subject`; inputs are those recorded."""
        view = Recorded(self.layers[self.searched.index(name)])
        parts = [(view.weights(g), view.inputs(g, 0, view.K, 0, view.N).T) for g in range(view.groups)]
        weights, inputs = (np.concatenate(some) for some in zip(*parts, strict=True))
        return {"weights": weights, "inputs": inputs}

    def quality(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        return self._accuracy(0, choices)

    def unseen(self, choices: Choices) -> float:
        """See :class:`Subject`."""
        return self._accuracy(1, choices)

    def _accuracy(self, half: int, choices: Choices) -> float:
        labels, plain = self._halves[half][1], self._plain[half]
        chosen = {
            self.searched.index(name): Asked(side, parse(text)) for name, (side, text) in choices.items()
        }
        first = min(chosen, default=len(self.searched))  # what is before does not change

        def view(i: int, layer: Layer) -> GemmView:
            return Kept(layer, chosen[i]) if i in chosen else GemmView(layer)

        scores = run(self.quantised, plain[first], view, first)[-1]
        return float(np.mean(scores.argmax(axis=1) == labels))


def of(trace: Trace, layers: Sequence[Layer]) -> DigitsSubject:
    """The network that some layers of a trace of the digits are, with the images its recipe held out.

    Raises
    ------
    InputError
        scikit-learn, which has the images, is not installed, or the layers are not those of one network.
    """
    data = digits(int(trace.attrs["seed"]))
    return DigitsSubject(
        f"{trace.name}/{_degree(layers)}", restored(layers), layers, data.test_images, data.test_labels
    )


def _degree(layers: Sequence[Layer]) -> str:
    found = {layer.name.partition("/")[0] for layer in layers}
    if len(found) != 1:
        raise InputError(
            f"layers of {len(found)} networks ({', '.join(sorted(found))}): choose one of them, e.g. --layers '{min(found)}/*'"
        )
    return found.pop()


def restored(layers: Sequence[Layer]) -> Quantised:
    """The int8 network that recorded layers are.

    Raises
    ------
    InputError
        A layer whose weights or whose attributes were not recorded.
    """
    made = Quantised((), [], [], [], [], [], [])
    for layer in layers:
        weights, attrs = layer.weights.values, layer.attrs
        if weights is None or "multiplier" not in attrs:
            raise InputError(f"layer {layer.name!r}: its int8 weights, bias and multiplier were not recorded")
        made.specs = (*made.specs, _spec(layer))
        made.weights.append(np.asarray(weights, np.int8))
        made.biases.append(np.asarray(attrs["bias"], np.int64))
        made.weight_scales.append(float(attrs["weights_scale"]))
        made.multipliers.append(float(attrs["multiplier"]))
        made.scales.append(float(attrs["inputs_scale"]))
        made.lows.append(int(attrs["outputs_low"]))
    made.scales.append(float(layers[-1].attrs["outputs_scale"]))
    return made


def _spec(layer: Layer) -> Spec:
    shape, p = layer.weights.shape, layer.einsum.parameters
    if layer.einsum.operation == "gemm":
        return Spec(layer.name, shape[1], shape[0])
    groups = dict(layer.einsum.ranks).get("g", 1)
    return Spec(layer.name, shape[1] * groups, shape[0], shape[2], p["stride"][0], p["padding"][0], groups)

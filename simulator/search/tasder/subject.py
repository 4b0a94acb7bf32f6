"""What is searched: a network whose layers can be run as series, and how good it is then."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from simulator.search.tasder.greedy import Choices
from simulator.workload.layer import Layer


class Subject(Protocol):
    """A network.

    Attributes
    ----------
    name : str
    measure : str
        What its quality is, in words.
    layers : tuple of Layer
        All its products, as they are recorded.
    searched : tuple of str
        Names of those that may have a series.
    """

    name: str
    measure: str
    layers: tuple[Layer, ...]
    searched: tuple[str, ...]

    @property
    def state(self) -> dict[str, Any]:
        """Everything that measurements depend on, in plain values."""
        ...

    def tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """Weights, and inputs on calibration data, of a layer, each with K last."""
        ...

    def quality(self, choices: Choices) -> float:
        """How good the network is with some choices, the higher the better."""
        ...

    def unseen(self, choices: Choices) -> float:
        """The same on data that :meth:`quality` does not see; where there is none, the same."""
        ...

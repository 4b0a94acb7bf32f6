"""What leaves a layer for memory: its output behind the elementwise operators that alone read it.

A product's output that only an activation function, a normalisation or the sum with a parameter reads does not leave
as it is; the non-zeros of what leaves are recorded as the layer's. The chain ends where anything else, or a second
operator, reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_IN_PLACE_TOO = (
    "relu", "leaky_relu", "clamp", "clamp_min", "hardtanh", "gelu", "elu", "celu", "sigmoid", "hardsigmoid", "hardswish", "silu",
    "mish", "tanh", "threshold", "add", "mul", "sub", "div",
)  # fmt: skip
_NORMALISATION = (
    "native_batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
)  # fmt: skip
_COPIES = ("clone", "_to_copy")
ELEMENTWISE = frozenset(
    (*_IN_PLACE_TOO, *(f"{name}_" for name in _IN_PLACE_TOO), *_NORMALISATION, *_COPIES, "prelu", "_prelu_kernel", "softplus",
     "native_dropout")
)  # fmt: skip
"""Operators (of aten) an output flows through on its way to memory, their other operands being the model's own or numbers."""

VIEWS = frozenset(
    {
        "view",
        "_unsafe_view",
        "reshape",
        "_reshape_alias",
        "unsqueeze",
        "squeeze",
        "flatten",
        "unflatten",
        "alias",
        "detach",
    }
)
"""Operators that keep the order of the elements, and read nothing."""

SHAPES = VIEWS | {
    "t",
    "transpose",
    "permute",
    "expand",
    "slice",
    "select",
    "split",
    "split_with_sizes",
    "chunk",
    "unbind",
    "as_strided",
}
"""Views of any kind: they read nothing, but what lies in another order cannot be followed."""


@dataclass
class Chain:
    """An output on its way.

    Attributes
    ----------
    finish : callable
        Given the non-zeros of what leaves (shape of the operator's output, bool) and the operators it went through.
    stages : list
        Per operator passed: its name, the key of the storage it left, the non-zeros in it.
    tensors : list
        Those storages, kept alive so that no other takes their place.
    """

    finish: Callable[[NDArray[np.bool_], list[str]], None]
    stages: list[tuple[str, int, NDArray[np.uint8]]] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    size: int = 0
    open: bool = True


class Outputs:
    """Follows the outputs of products through the operators that run after them.

    Parameters
    ----------
    held : callable
        Whether a tensor is a parameter or buffer of the model, or a view of one.
    """

    def __init__(self, held: Callable[[Any], bool]) -> None:
        self._held = held
        self._readers: dict[int, list[tuple[Chain, int]]] = {}
        self._chains: list[Chain] = []

    def follow(self, output: Any, finish: Callable[[NDArray[np.bool_], list[str]], None]) -> None:
        """Begin with the output of a product."""
        chain = Chain(finish, size=output.numel())
        self._chains.append(chain)
        self._pass(chain, "", output)

    def ran(self, name: str, inputs: Iterable[Any], output: Any) -> None:
        """An operator (without its library and overload) ran on tensors, and gave one (None: several, or none)."""
        if name in SHAPES:
            return
        given = [each for each in inputs if key(each)]
        for tensor in given:
            for chain, stage in self._readers.get(key(tensor), [])[:]:
                last = stage == len(chain.stages) - 1 and chain.open
                others = [each for each in given if key(each) != key(tensor)]
                passes = (
                    name in ELEMENTWISE
                    and output is not None
                    and output.numel() == chain.size
                    and tensor.is_contiguous()
                    and all(self._held(each) for each in others)
                )
                if last and passes:
                    self._pass(chain, name, output)
                else:
                    self._cut(chain, stage)

    def close(self) -> None:
        """Finish all."""
        for chain in self._chains:
            bits = chain.stages[-1][2]
            mask = np.unpackbits(bits, count=chain.size).view(np.bool_)
            chain.finish(
                mask,
                [_plain(name) for name, _, _ in chain.stages[1:] if name not in _COPIES],
            )
        self._chains.clear()
        self._readers.clear()

    def _pass(self, chain: Chain, name: str, output: Any) -> None:
        place = key(output)
        chain.stages.append((name, place, np.packbits((output.detach() != 0).cpu().contiguous().numpy())))
        chain.tensors.append(output.untyped_storage())
        self._readers.setdefault(place, []).append((chain, len(chain.stages) - 1))

    def _cut(self, chain: Chain, stage: int) -> None:
        """Something else reads what a stage left: it leaves as it is there."""
        if len(chain.stages) > stage + 1 and chain.stages[stage + 1][1] == chain.stages[stage][1]:
            return
        chain.open = False
        del chain.stages[stage + 1 :]


def _plain(operator: str) -> str:
    """An operator's name as it is known above the dispatcher."""
    return "batch_norm" if operator in _NORMALISATION else operator.strip("_").removesuffix("_kernel")


def key(tensor: Any) -> int:
    """The storage of a tensor, as a number; 0 for one that has none (sparse, or without data)."""
    try:
        return int(tensor.untyped_storage().data_ptr())
    except (NotImplementedError, RuntimeError):
        return 0

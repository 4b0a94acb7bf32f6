"""A trace: the layers of a model in the order they run, with the operands recorded for each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any

from simulator.errors import InputError, suggest
from simulator.workload.layer import SERIES, Layer


@dataclass(frozen=True, repr=False)
class Trace:
    """An ordered set of layers.

    Attributes
    ----------
    name : str
    layers : tuple of Layer
        Names are unique.
    attrs : mapping of str to attribute
        Free, e.g. accuracies; not part of the digest.
    file : object
        The open file the operands are read from, None when they are in memory.

    Raises
    ------
    InputError
        Two layers of one name.
    """

    name: str
    layers: tuple[Layer, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    file: Any = field(default=None, compare=False)

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self.layers[:3]) + (", ..." if len(self.layers) > 3 else "")
        return f"<Trace {self.name!r}: {len(self.layers)} layers: {names}>"

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for layer in self.layers:
            if layer.name in seen:
                raise InputError(f"trace {self.name!r}: two layers are called {layer.name!r}")
            seen.add(layer.name)

    def layer(self, name: str) -> Layer:
        """The layer called `name`, or InputError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise InputError(
            f"trace {self.name!r}: no layer {name!r}; {suggest(name, [x.name for x in self.layers])}"
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, einsums, patterns, series and contents; nothing of how or when they were recorded."""
        described = [self.name, [_described(layer) for layer in self.layers]]
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()

    def close(self) -> None:
        """Close the file; operands not yet read cannot be read any more."""
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _described(layer: Layer) -> list[Any]:
    tensors = [layer.weights, layer.inputs, *([layer.outputs_mask] if layer.outputs_mask else [])]
    series = [[name, str(layer.attrs[name])] for name in SERIES if name in layer.attrs]
    return [
        layer.name,
        layer.einsum.text,
        layer.einsum.ranks,
        layer.pattern,
        layer.outputs_provenance,
        [[tensor.dtype, tensor.shape, tensor.sha256] for tensor in tensors],
        *([series] if series else []),
    ]

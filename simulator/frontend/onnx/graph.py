"""A graph as it is in the file: checked, its symbolic sizes bound, its shapes inferred.

Tensor data in files of its own is read by the onnx package, which refuses paths outside the model's folder. Nothing of a
file is executed but the operators of the standard, by the evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.packages import package


@dataclass(frozen=True)
class Graph:
    """A checked model.

    Attributes
    ----------
    path : str
    model : onnx.ModelProto
        With shapes inferred as far as they can be.
    """

    path: str
    model: Any

    @property
    def nodes(self) -> list[Any]:
        """Nodes in running order."""
        return list(self.model.graph.node)

    @cached_property
    def constants(self) -> dict[str, NDArray[Any]]:
        """Initialisers and outputs of Constant nodes, by name."""
        numpy_helper = package("onnx.numpy_helper", "models")
        found = {each.name: each for each in self.model.graph.initializer}
        for node in self.nodes:
            for told in node.attribute if node.op_type == "Constant" else ():
                if told.name == "value":
                    found[node.output[0]] = told.t
        arrays = {}
        for name, tensor in found.items():
            try:
                arrays[name] = np.asarray(numpy_helper.to_array(tensor))
            except Exception as error:  # types and lengths the file claims, each failing in its own way
                raise InputError(f"{self.path}: tensor {name!r} cannot be read: {_words(error)}") from None
        return arrays

    @cached_property
    def feeds(self) -> dict[str, tuple[int | str, ...]]:
        """Shapes of the inputs that must be given; a size that is not bound is its symbol."""
        return {each.name: _shape(each) for each in self.model.graph.input if each.name not in self.constants}

    @cached_property
    def shapes(self) -> dict[str, tuple[int | str, ...]]:
        """Shapes of all values, as far as they are known."""
        graph = self.model.graph
        told = {each.name: _shape(each) for each in (*graph.input, *graph.value_info, *graph.output)}
        return told | {name: tuple(array.shape) for name, array in self.constants.items()}

    def name(self, index: int) -> str:
        """A node's name; where it has none, its operator and place."""
        node = self.nodes[index]
        return str(node.name) or f"{node.op_type}_{index}"


def read(path: str | Path, bind: Mapping[str, int] | None = None) -> Graph:
    """Read a model.

    Parameters
    ----------
    path : str or Path
    bind : mapping of str to int
        Sizes of symbolic dimensions, e.g. ``{"N": 1}``.

    Raises
    ------
    InputError
        The onnx package is missing, the file is no valid model, or a symbol of `bind` is not in it.
    """
    onnx = package("onnx", "models")
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
        _bind(path, model, bind or {})
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except InputError:
        raise
    except Exception as error:  # protobuf, checker and inference each raise classes of their own
        raise InputError(f"{path}: cannot be read as ONNX: {_words(error)}") from None
    return Graph(str(path), model)


def _bind(path: Path, model: Any, sizes: Mapping[str, int]) -> None:
    symbols: set[str] = set()
    for value in model.graph.input:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param:
                symbols.add(dimension.dim_param)
                if dimension.dim_param in sizes:
                    dimension.dim_value = sizes[dimension.dim_param]
    for symbol in sizes:
        if symbol not in symbols:
            raise InputError(f"{path}: no symbolic dimension {symbol!r}; {suggest(symbol, symbols)}")
    if sizes:
        del model.graph.value_info[:]


def _shape(value: Any) -> tuple[int | str, ...]:
    dimensions = value.type.tensor_type.shape.dim
    return tuple(
        int(each.dim_value) if each.HasField("dim_value") else str(each.dim_param or "?")
        for each in dimensions
    )


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__

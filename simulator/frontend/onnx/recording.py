"""A graph as a trace: layers of its products, in running order, with the activations that flowed through it.

Activations are recorded by running the graph on given inputs, with onnxruntime where it is installed, else with the reference
evaluator of the onnx package; without inputs their non-zeros are drawn in the shapes that are inferred. What leaves a layer for
memory is what its elementwise followers (activation functions, normalisation, a bias) make of its output: the non-zeros of that
tensor are recorded as the layer's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.frontend.imported import Imported
from simulator.frontend.onnx.graph import Graph
from simulator.frontend.onnx.products import PRODUCTS, UNSUPPORTED, Given
from simulator.packages import package
from simulator.sparsity.patterns import Unstructured
from simulator.workload.layer import Layer
from simulator.workload.memory import DRAWING, affordable
from simulator.workload.model import Trace

ELEMENTWISE = frozenset(
    {
        "Relu", "LeakyRelu", "PRelu", "Clip", "Gelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Mish",
        "Tanh", "Softplus", "ThresholdedRelu", "BatchNormalization", "Identity", "Dropout", "Add", "Mul", "Sub", "Div",
    }
)  # fmt: skip
"""Operators a layer's output flows through on its way to memory, their other operands being constants."""


def trace_of(
    graph: Graph,
    name: str,
    feeds: Mapping[str, NDArray[Any]] | None = None,
    density: Fraction = Fraction(1, 2),
    seed: int = 0,
) -> Imported:
    """The layers of a graph.

    Parameters
    ----------
    graph : Graph
    name : str
        Of the trace.
    feeds : mapping of str to ndarray, optional
        The graph's inputs by name; None: activations are drawn as masks.
    density : Fraction
        Of drawn masks.
    seed : int

    Raises
    ------
    InputError
        An input that is missing, superfluous or of another shape; a graph that cannot be run; a shape that is not known; no layers.
    """
    values, how = _drawn(graph, density, seed) if feeds is None else _recorded(graph, feeds)
    layers: list[Layer] = []
    notes = [how]
    others: Counter[str] = Counter()
    for index, node in enumerate(graph.nodes):
        if node.op_type in PRODUCTS and node.domain in ("", "ai.onnx"):
            layers += _layers(graph, index, values, feeds is not None, notes)
        elif node.op_type in UNSUPPORTED or node.domain not in ("", "ai.onnx"):
            operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            notes.append(
                f"{graph.path}: node {graph.name(index)!r}: operator {operator} is not read as a layer"
            )
        elif node.op_type != "Constant":
            others[node.op_type] += 1
    if not layers:
        why = [note for note in notes[1:] if "left out" in note or "not read" in note]
        raise InputError(
            "\n".join([f"{graph.path}: has no layers of {', '.join(PRODUCTS)} that can be read", *why])
        )
    if others:
        told = ", ".join(f"{count} {operator}" for operator, count in sorted(others.items()))
        notes.append(f"{graph.path}: no layers, multiply no tensors: {told}")
    return Imported(
        Trace(name, tuple(layers), {"source": f"ONNX, activations {how.split(': ')[-1]}"}), tuple(notes)
    )


def _layers(
    graph: Graph, index: int, value: Callable[[str], NDArray[Any]], recorded: bool, notes: list[str]
) -> list[Layer]:
    node, name = graph.nodes[index], graph.name(index)
    given = Given(node, name, graph.constants, value)
    try:
        found = list(PRODUCTS[node.op_type](given))
    except (
        InputError,
        ValueError,
        IndexError,
        TypeError,
    ) as error:  # attributes that do not fit their tensors
        notes.append(f"{graph.path}: node {name!r}: left out: {' '.join(str(error).split())}")
        return []
    if not recorded:
        return [layer for layer, _ in found]
    leaving, through = _leaving(graph, node.output[0])
    outputs = value(leaving) != 0
    told = {"outputs_after": ", ".join(through)} if through else {}
    return [
        replace(layer.with_outputs(np.ascontiguousarray(place(outputs))), attrs={**layer.attrs, **told})
        for layer, place in found
    ]


def _leaving(graph: Graph, value: str) -> tuple[str, list[str]]:
    """The tensor a layer's output has become when it is read by something else than one elementwise operator."""
    through: list[str] = []
    ends = {each.name for each in graph.model.graph.output}
    while value not in ends:
        readers = [node for node in graph.nodes if value in node.input]
        if len(readers) != 1 or readers[0].op_type not in ELEMENTWISE:
            break
        others = [name for name in readers[0].input if name and name != value]
        if any(name not in graph.constants for name in others):
            break
        through.append(readers[0].op_type)
        value = readers[0].output[0]
    return value, through


def _drawn(graph: Graph, density: Fraction, seed: int) -> tuple[Callable[[str], NDArray[Any]], str]:
    pattern = Unstructured(density)
    numbers: dict[str, int] = {}

    def value(name: str) -> NDArray[Any]:
        if name in graph.constants:
            return graph.constants[name]
        shape = graph.shapes.get(name)
        sizes = [size for size in shape or ("?",) if not isinstance(size, int)]
        if shape is None or sizes:
            raise InputError(
                f"{graph.path}: the shape of {name!r} is not known ({shape}): bind its sizes (--bind {sizes[0]}=1), "
                "or give inputs to run the graph on (--feed)"
            )
        affordable(f"{graph.path}: {name!r}", (int(size) for size in shape), DRAWING)
        number = numbers.setdefault(name, len(numbers))
        return pattern.generate(tuple(int(size) for size in shape), axis=0, seed=seed * 1_000 + number)

    return value, f"{graph.path}: activations: drawn with density {float(density):g}, seed {seed}"


def _recorded(graph: Graph, feeds: Mapping[str, NDArray[Any]]) -> tuple[Callable[[str], NDArray[Any]], str]:
    _check(graph, feeds)
    wanted = {name for node in graph.nodes if node.op_type in PRODUCTS for name in node.input[:2]}
    wanted |= {_leaving(graph, node.output[0])[0] for node in graph.nodes if node.op_type in PRODUCTS}
    wanted -= set(graph.constants) | set(feeds)
    found, how = _run(graph, feeds, sorted(wanted))
    values = {**graph.constants, **feeds, **found}
    return lambda name: values[name], f"{graph.path}: activations: recorded with {how}"


def _check(graph: Graph, feeds: Mapping[str, NDArray[Any]]) -> None:
    for name, shape in graph.feeds.items():
        if name not in feeds:
            raise InputError(
                f"{graph.path}: input {name!r} {shape} is not given; given: {', '.join(feeds) or 'none'}"
            )
        given = feeds[name].shape
        if len(given) != len(shape) or any(
            isinstance(a, int) and a != b for a, b in zip(shape, given, strict=True)
        ):
            raise InputError(f"{graph.path}: input {name!r}: has shape {given}, must be {shape}")
    for name in feeds:
        if name not in graph.feeds:
            raise InputError(f"{graph.path}: no input {name!r}; {suggest(name, graph.feeds)}")


def _run(
    graph: Graph, feeds: Mapping[str, NDArray[Any]], wanted: list[str]
) -> tuple[dict[str, NDArray[Any]], str]:
    onnx = package("onnx", "models")
    for name, shape in graph.shapes.items():
        affordable(f"{graph.path}: {name!r}", (size for size in shape if isinstance(size, int)), 4)
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    try:
        runtime = _runtime()
        if runtime is not None:
            session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            return dict(
                zip(wanted, session.run(wanted, dict(feeds)), strict=True)
            ), f"onnxruntime {runtime.__version__}"
        evaluator = package("onnx.reference", "models").ReferenceEvaluator(model)
        arrays = evaluator.run(wanted, dict(feeds))
    except Exception as error:  # evaluators raise whatever their operators raise
        words = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"{graph.path}: cannot be run on these inputs: {words}") from None
    return dict(
        zip(wanted, map(np.asarray, arrays), strict=True)
    ), f"onnx {onnx.__version__} (reference evaluator)"


def _runtime() -> Any:
    from importlib import import_module
    from importlib.util import find_spec

    return import_module("onnxruntime") if find_spec("onnxruntime") is not None else None

"""Traces in HDF5: the schema, written and read.

::

    /                      format sparsecycle-trace, format_version 1, name, digest, and free attributes
    /layers/<index>        name, operation, einsum, [stride, padding, dilation, groups,] [pattern,]
                           outputs_provenance, and free attributes; indices are 0000, 0001, ... in running order
      weights, inputs      content = values: int8, float16, ...; or content = mask: uint8, bit-packed, with `shape`
      outputs              optional, always a mask

Everything is read lazily: opening a trace reads attributes only, operands are read when a layer is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator import hdf5
from simulator.errors import InputError
from simulator.workload import einsum as einsums
from simulator.workload.einsum import Einsum
from simulator.workload.layer import DENSE, Layer
from simulator.workload.model import Trace
from simulator.workload.tensor import DTYPES, Tensor

KIND, VERSION = "trace", 1
_OPERATIONS = ("gemm", "conv2d")
_ROOT = ("format", "format_version", "tool_version", "tree_sha256", "name", "digest")
_OWN = (
    "name",
    "operation",
    "einsum",
    "stride",
    "padding",
    "dilation",
    "groups",
    "pattern",
    "outputs_provenance",
)
_AXES: dict[str, dict[str, tuple[str, ...]]] = {
    "gemm": {"weights": ("M", "K"), "inputs": ("K", "N"), "outputs": ("M", "N")},
    "conv2d": {
        "weights": ("M", "C", "R", "S"),
        "inputs": ("N", "C", "H", "W"),
        "outputs": ("N", "M", "P", "Q"),
    },
}


def save(trace: Trace, path: str | Path) -> None:
    """Write a trace whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written, or a free attribute has the name of one of the schema.
    """
    _free(trace.attrs, _ROOT, f"trace {trace.name!r}")
    layers = {f"{index:04d}": _group(layer) for index, layer in enumerate(trace.layers)}
    attrs = {**trace.attrs, "name": trace.name, "digest": trace.digest}
    hdf5.write(path, KIND, VERSION, attrs, {"layers": hdf5.Group({}, layers)})


def _free(attrs: Mapping[str, Any], taken: tuple[str, ...], where: str) -> None:
    if clash := sorted(set(attrs) & set(taken)):
        raise InputError(f"{where}: attribute {clash[0]!r} is part of the schema, choose another name")


def _group(layer: Layer) -> hdf5.Group:
    _free(layer.attrs, _OWN, f"layer {layer.name!r}")
    attrs: dict[str, Any] = {**layer.attrs, "name": layer.name, "operation": layer.einsum.operation}
    attrs |= {"einsum": layer.einsum.text, "outputs_provenance": layer.outputs_provenance}
    attrs |= layer.einsum.parameters
    if layer.pattern is not None:
        attrs["pattern"] = layer.pattern
    tensors = {"weights": layer.weights, "inputs": layer.inputs, "outputs": layer.outputs_mask}
    axes = _AXES[layer.einsum.operation]
    return hdf5.Group(attrs, {k: _data(k, t, axes[k]) for k, t in tensors.items() if t is not None})


def _data(kind: str, tensor: Tensor, axes: tuple[str, ...]) -> hdf5.Data:
    if kind != "outputs" and not tensor.mask_only:
        return hdf5.Data(tensor.stored, "1", f"{kind}: values", axes, {"content": "values"})
    attrs: dict[str, Any] = {"content": "mask", "shape": list(tensor.shape), "order": ", ".join(axes)}
    return hdf5.Data(tensor.packed_mask, "1", f"{kind}: non-zeros, packed 8 to a byte in C order", (), attrs)


def load(path: str | Path) -> Trace:
    """Open a trace; operands are read when they are looked at, from the file, which stays open until `close`.

    Raises
    ------
    InputError
        Not a trace, damaged, of a newer schema, or inconsistent; the message names file and place.
    """
    tree = hdf5.open(path, KIND, VERSION)
    try:
        layers = []
        for index, name in enumerate(sorted(tree.group("layers").groups)):
            node = tree.groups["layers"].groups[name]
            if name != f"{index:04d}":
                raise InputError(f"{node.where}: layers must be numbered 0000, 0001, ... without gaps")
            layers.append(_layer(node))
        attrs = {name: value for name, value in tree.attrs.items() if name not in _ROOT}
        trace = Trace(tree.attr("name", str), tuple(layers), attrs, tree)
        if "digest" in tree.attrs and tree.attrs["digest"] != trace.digest:
            raise InputError(f"{path}: digest {tree.attrs['digest']}: its content gives {trace.digest}")
    except BaseException:
        tree.close()
        raise
    return trace


def _layer(node: hdf5.Node) -> Layer:
    tensors = {name: _tensor(node, name) for name in ("weights", "inputs")}
    outputs = _tensor(node, "outputs") if "outputs" in node.datasets else None
    if outputs is not None and not outputs.mask_only:
        raise InputError(f"{outputs.name}: outputs are recorded as a mask, not as values")
    try:
        return Layer(
            name=node.attr("name", str),
            einsum=_einsum(node, tensors["weights"].shape, tensors["inputs"].shape),
            weights=tensors["weights"],
            inputs=tensors["inputs"],
            outputs_mask=outputs,
            outputs_provenance=str(node.attrs.get("outputs_provenance", DENSE)),
            pattern=node.attr("pattern", str) if "pattern" in node.attrs else None,
            attrs={name: value for name, value in node.attrs.items() if name not in _OWN},
        )
    except InputError as error:
        text = str(error)
        raise InputError(text if text.startswith(node.where) else f"{node.where}: {text}") from None


def _einsum(node: hdf5.Node, weights: tuple[int, ...], inputs: tuple[int, ...]) -> Einsum:
    operation = node.attr("operation", str)
    if operation not in _OPERATIONS:
        raise InputError(f"{node.where}: operation {operation!r}: choices: {', '.join(_OPERATIONS)}")
    if operation == "gemm":
        if len(weights) != 2 or len(inputs) != 2 or weights[1] != inputs[0]:
            raise InputError(
                f"{node.where}: weights {weights} and inputs {inputs}: must be (M, K) and (K, N)"
            )
        einsum = einsums.gemm(weights[0], inputs[1], weights[1])
    else:
        pairs = {name: _numbers(node, name, 2) for name in ("stride", "padding", "dilation")}
        groups = _numbers(node, "groups", 1)[0]
        einsum = einsums.conv2d(weights, inputs, groups=groups, **pairs)
    if node.attrs.get("einsum", einsum.text) != einsum.text:
        raise InputError(f"{node.where}: einsum {node.attrs['einsum']!r}: its shapes give {einsum.text!r}")
    return einsum


def _numbers(node: hdf5.Node, name: str, count: int) -> tuple[Any, ...]:
    values = node.attr(name, list)
    if len(values) != count:
        raise InputError(
            f"{node.where}: attribute {name!r} is {values}: must be a list of {count}, whole numbers"
        )
    return tuple(values)


def _tensor(node: hdf5.Node, name: str) -> Tensor:
    data = node.dataset(name)
    content = data.attrs.get("content", "values")
    if content == "values":
        return Tensor(data.where, node.dataset(name, DTYPES))
    if content != "mask":
        raise InputError(f"{data.where}: attribute 'content' is {content!r}: choices: mask, values")
    shape = data.attrs.get("shape")
    if not isinstance(shape, list) or any(type(n) is not int or n < 1 for n in shape) or not shape:
        raise InputError(
            f"{data.where}: attribute 'shape' is {shape!r}: a mask needs its shape, a list of sizes >= 1"
        )
    return Tensor(data.where, data, tuple(shape))


def info(path: str | Path) -> dict[str, Any]:
    """What a trace holds, JSON-ready; reads each operand once, block by block, to count its non-zeros.

    Raises
    ------
    InputError
        See :func:`load`.
    """
    with load(path) as trace:
        return {
            "name": trace.name,
            "digest": trace.digest,
            "attributes": dict(trace.attrs),
            "layers": [_layer_info(layer) for layer in trace.layers],
        }


def _layer_info(layer: Layer) -> dict[str, Any]:
    tensors = {"weights": layer.weights, "inputs": layer.inputs, "outputs": layer.outputs_mask}
    return {
        "name": layer.name,
        "einsum": layer.einsum.text,
        "ranks_elements": dict(layer.einsum.ranks),
        "macs_counts": layer.einsum.macs,
        "pattern": layer.pattern,
        "outputs_provenance": layer.outputs_provenance,
        "attributes": dict(layer.attrs),
        "tensors": {
            name: {
                "shape_elements": list(t.shape),
                "dtype": t.dtype,
                "nonzeros_elements": t.nonzeros,
                "density_ratio": t.nonzeros / t.size,
            }
            for name, t in tensors.items()
            if t is not None
        },
    }

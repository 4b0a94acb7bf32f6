"""Layers as files of arrays, in the names :mod:`simulator.frontend.arrays.layers` reads them by.

.npz holds everything of a trace but its attributes; .safetensors the same without patterns (it has no text); .smtx and
.mtx hold one matrix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.files import replaced
from simulator.packages import package
from simulator.workload.layer import Layer
from simulator.workload.matrix import flat_weights
from simulator.workload.model import Trace
from simulator.workload.tensor import Tensor

WRITABLE = (".npz", ".safetensors", ".smtx", ".mtx")
OPERANDS = ("weights", "inputs")


def write(trace: Trace, path: str | Path, operand: str = "weights") -> tuple[str, ...]:
    """Write the tensors of a trace, whole or not at all.

    Parameters
    ----------
    trace : Trace
    path : str or Path
        One of :data:`WRITABLE`; a file of one matrix takes a trace of one layer.
    operand : str
        ``weights`` or ``inputs``: which one a file of one matrix gets.

    Returns
    -------
    tuple of str
        What the format has no place for.

    Raises
    ------
    InputError
        Another suffix, several layers for one matrix, a tensor that is no matrix, or a file that cannot be written.
    """
    path = Path(path)
    writers = {".npz": _npz, ".safetensors": _safetensors, ".smtx": _smtx, ".mtx": _mtx}
    if path.suffix not in writers:
        raise InputError(f"{path}: suffix {path.suffix!r}: choices: {', '.join(WRITABLE)}")
    if operand not in OPERANDS:
        raise InputError(f"operand {operand!r}: choices: {', '.join(OPERANDS)}")
    with replaced(path) as draft:
        return writers[path.suffix](trace, draft, operand)


def _npz(trace: Trace, path: Path, _: str) -> tuple[str, ...]:
    arrays: dict[str, NDArray[Any]] = {}
    for layer in trace.layers:
        arrays |= _arrays(layer)
        if layer.pattern is not None:
            arrays[f"{layer.name}.pattern"] = np.array(layer.pattern)
    with path.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    return _attributes(trace)


def _safetensors(trace: Trace, path: Path, _: str) -> tuple[str, ...]:
    save = package("safetensors.numpy", "models").save_file
    arrays = {name: array for layer in trace.layers for name, array in _arrays(layer).items()}
    save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, str(path))
    patterns = tuple(
        f"layer {layer.name!r}: its pattern {layer.pattern}" for layer in trace.layers if layer.pattern
    )
    return _attributes(trace) + patterns


def _arrays(layer: Layer) -> dict[str, NDArray[Any]]:
    found = {f"{layer.name}.weights": _content(layer.weights), f"{layer.name}.inputs": _content(layer.inputs)}
    if layer.outputs_mask is not None:
        found[f"{layer.name}.outputs"] = layer.outputs_mask.mask
    for key, value in layer.einsum.parameters.items():
        found[f"{layer.name}.{key}"] = np.array(value, dtype=np.int32)
    return found


def _content(tensor: Tensor) -> NDArray[Any]:
    values = tensor.values
    return tensor.mask if values is None else values


def _attributes(trace: Trace) -> tuple[str, ...]:
    named = [f"trace attribute {key}" for key in trace.attrs]
    return (
        *named,
        *(f"layer {layer.name!r}: attribute {key}" for layer in trace.layers for key in layer.attrs),
    )


def _matrix(trace: Trace, path: Path, operand: str) -> NDArray[Any]:
    if len(trace.layers) != 1:
        raise InputError(
            f"{path.suffix} files hold one matrix, the trace {trace.name!r} has {len(trace.layers)} layers: choose one"
        )
    array = _content(getattr(trace.layers[0], operand))
    if operand == "inputs" and array.ndim != 2:
        raise InputError(f"layer {trace.layers[0].name!r}: inputs {array.shape} are no matrix")
    return flat_weights(array) if operand == "weights" else array


def _smtx(trace: Trace, path: Path, operand: str) -> tuple[str, ...]:
    array = _matrix(trace, path, operand)
    mask = array != 0
    pointers = np.concatenate([[0], np.cumsum(np.count_nonzero(mask, axis=1))])
    lines = [
        f"{mask.shape[0]}, {mask.shape[1]}, {pointers[-1]}",
        _words(pointers),
        _words(np.nonzero(mask)[1]),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return () if array.dtype == np.bool_ else ("values: the format has positions only",)


def _words(numbers: NDArray[Any]) -> str:
    return " ".join(map(str, numbers.tolist()))


def _mtx(trace: Trace, path: Path, operand: str) -> tuple[str, ...]:
    array = _matrix(trace, path, operand)
    kind = "pattern" if array.dtype == np.bool_ else "integer" if array.dtype.kind in "iu" else "real"
    rows, columns = np.nonzero(array)
    lines = [
        f"%%MatrixMarket matrix coordinate {kind} general",
        f"{array.shape[0]} {array.shape[1]} {len(rows)}",
    ]
    places = zip((rows + 1).tolist(), (columns + 1).tolist(), strict=True)
    if kind == "pattern":
        lines += [f"{row} {column}" for row, column in places]
    else:
        values = array[rows, columns].tolist()
        lines += [f"{row} {column} {value!r}" for (row, column), value in zip(places, values, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return ()

"""Densities: what a problem says of the non-zeros of its tensors.

A number is the density of a fixed-structured tensor; a mapping names the distribution. The density of a banded matrix is that
of the positions with |i - j| <= band_width; of an actual tensor, that of the file.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from simulator.errors import InputError, suggest
from simulator.frontend.timeloop.node import Fields, Node
from simulator.workload.actual import read
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product

_SPELLINGS = {
    "fixed": "fixed-structured",
    "fixed_structured": "fixed-structured",
    "hypergeometric": "hypergeometric",
    "banded": "banded",
    "diagonal": "banded",
    "actual": "actual",
    "actual_data": "actual",
    "real_data": "actual",
}
_PATHS = ("path", "data_file_path", "file", "filename")


def occupancies(instance: Fields, product: Product, notes: list[str]) -> dict[str, Occupancy]:
    """Declared occupancy per tensor; tensors nothing is said of are left out (dense).

    Raises
    ------
    InputError
        An unknown tensor, distribution or file, or a density outside 0..1.
    """
    common, single = instance.take("commonDensity", "common_density"), instance.take("densities")
    tensors = {tensor.name: tensor for tensor in product.tensors}
    if common is not None:
        return {name: _occupancy(common, tensor, notes) for name, tensor in tensors.items()}
    if single is None:
        return {}
    fields = single.fields(exact=True)
    for name in fields.found:
        if name not in tensors:
            raise fields.found[name].fail(f"no tensor {name!r}; {suggest(name, tensors)}")
    taken = {name: fields.take(name) for name in tensors}
    return {name: _occupancy(node, tensors[name], notes) for name, node in taken.items() if node is not None}


def _occupancy(node: Node, tensor: Access, notes: list[str]) -> Occupancy:
    if not isinstance(node.value, dict):
        return Occupancy(density=_share(node))
    fields = node.fields()
    told = fields.take("distribution", "type")
    kind = "fixed-structured" if told is None else _distribution(told)
    density = fields.take("density")
    band, size, path = fields.take("band_width"), fields.take("workload_tensor_size"), fields.take(*_PATHS)
    fields.leave(notes)
    elements = size.whole() or None if size is not None else None
    if kind == "actual":
        if path is None:
            return Occupancy(kind, _share(density) if density is not None else Fraction(1), None, elements)
        return Occupancy(kind, _measured(path, tensor), None, elements, str(_file(path)))
    if kind == "banded":
        width = fields.require("band_width").whole()
        return Occupancy(kind, _band(node, tensor, width), width, elements)
    if band is not None and band.whole():
        notes.append(f"{band.document.place(band.key)}: band_width of a {kind} tensor: not modelled")
    return Occupancy(kind, _share(fields.require("density")), None, elements)


def _distribution(node: Node) -> str:
    spelt = node.text().lower().replace("-", "_")
    if spelt not in _SPELLINGS:
        raise node.fail(f"unknown distribution {node.text()!r}; {suggest(spelt, _SPELLINGS)}")
    return _SPELLINGS[spelt]


def _share(node: Node) -> Fraction:
    density = node.number()
    if not 0 <= density <= 1:
        raise node.fail(f"density {float(density):g} is not within 0..1")
    return density


def _band(node: Node, tensor: Access, width: int) -> Fraction:
    if len(tensor.shape) != 2:
        raise node.fail(f"only a matrix is banded; {tensor.name!r} has {len(tensor.shape)} axes")
    rows, columns = tensor.shape
    if rows > 1 << 24:
        raise node.fail(f"a banded matrix of {rows} rows is too large")
    i = np.arange(rows, dtype=np.int64)
    inside = np.minimum(i + width, columns - 1) - np.maximum(i - width, 0) + 1
    return Fraction(int(np.maximum(inside, 0).sum()), tensor.size)


def _file(node: Node) -> Path:
    return (Path(node.document.name).parent / node.text()).resolve()


def _measured(node: Node, tensor: Access) -> Fraction:
    """Share of non-zeros of the file."""
    try:
        array = read(str(_file(node)), tensor)
    except InputError as error:
        raise node.fail(str(error)) from None
    return Fraction(int(np.count_nonzero(array)), tensor.size)

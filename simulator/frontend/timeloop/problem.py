"""Problems: dimensions, coefficients, data spaces and densities -> a product of tensors and their occupancies.

An axis of a data space is a sum of products, ``[[P, Wstride], [R, Wdilation]]`` for P x Wstride + R x Wdilation; a coefficient
has a default in the shape and may be set in the instance.
"""

from __future__ import annotations

from simulator.errors import suggest
from simulator.frontend.timeloop.density import occupancies
from simulator.frontend.timeloop.node import Fields, Node
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product, access

Terms = tuple[tuple[tuple[str, int], ...], ...]


def read_problem(node: Node, notes: list[str]) -> tuple[Product, dict[str, Occupancy]]:
    """Read a problem.

    Parameters
    ----------
    node : Node
        The section ``problem``.
    notes : list of str
        Told what is not modelled.

    Raises
    ------
    InputError
        Something is missing, misspelt or contradicts itself.
    """
    problem = node.fields()
    problem.take("version")
    shape_node = problem.require("shape")
    if isinstance(shape_node.value, str):
        raise shape_node.fail(
            f"shape {shape_node.value!r} is told by name; write its dimensions and data spaces out"
        )
    shape = shape_node.fields()
    ranks = _dimensions(shape)
    defaults = _coefficients(shape)
    instance = problem.take("instance")
    bounds = problem if instance is None else instance.fields()
    sizes = {rank: _bound(bounds, rank).whole(1) for rank in ranks}
    coefficients = {name: _coefficient(bounds, name, default) for name, default in defaults.items()}
    product = _product(shape, sizes, coefficients, notes)
    found = occupancies(bounds, product, notes)
    bounds.leave(notes)
    shape.leave(notes)
    problem.leave(notes)
    return product, found


def _dimensions(shape: Fields) -> tuple[str, ...]:
    node = shape.require("dimensions")
    names = node.texts()
    for item, name in zip(node.items() if isinstance(node.value, list) else [node], names, strict=True):
        if not name.isidentifier() or names.count(name) > 1:
            raise item.fail(f"dimension {name!r} must be a name used once")
    if not names:
        raise node.fail("a problem has at least one dimension")
    flatten = shape.take("flatten")
    if flatten is not None and flatten.value:
        raise flatten.fail("flattened dimensions are not supported; write the flattened dimension itself")
    return names


def _coefficients(shape: Fields) -> dict[str, int]:
    node = shape.take("coefficients")
    found: dict[str, int] = {}
    for item in node.items() if node is not None else []:
        fields = item.fields()
        default = fields.take("default")
        found[fields.require("name").text()] = 1 if default is None else default.whole(1)
    return found


def _bound(bounds: Fields, rank: str) -> Node:
    found = bounds.take(rank)
    if found is None:
        raise bounds.node.fail(f"no size of dimension {rank!r}; {suggest(rank, bounds.found)}")
    return found


def _coefficient(bounds: Fields, name: str, default: int) -> int:
    found = bounds.take(name)
    return default if found is None else found.whole(1)


def _product(shape: Fields, sizes: dict[str, int], coefficients: dict[str, int], notes: list[str]) -> Product:
    node = shape.require("data_spaces")
    operands: list[Access] = []
    outputs: list[Access] = []
    for item in node.items():
        fields = item.fields()
        name = fields.require("name").text()
        if any(tensor.name == name for tensor in (*operands, *outputs)):
            raise item.fail(f"data space {name!r} is told twice")
        terms = _projection(fields.require("projection"), sizes, coefficients)
        written = fields.take("read_write")
        (outputs if written is not None and written.flag() else operands).append(access(name, terms, sizes))
        fields.take("ranks")
        fields.leave(notes)
    if len(outputs) != 1:
        told = ", ".join(t.name for t in outputs) or "none"
        raise node.fail(f"exactly one data space is written (read_write: true); here: {told}")
    if not operands:
        raise node.fail("no data space is read")
    title = shape.take("name")
    name = title.text() if title is not None else "problem"
    return Product(name, tuple(sizes.items()), tuple(operands), outputs[0])


def _projection(node: Node, sizes: dict[str, int], coefficients: dict[str, int]) -> Terms:
    axes: list[tuple[tuple[str, int], ...]] = []
    for axis in node.items():
        if isinstance(axis.value, str):
            axes.append(((_rank(axis, sizes), 1),))
            continue
        terms: dict[str, int] = {}
        for term in axis.items():
            rank, coefficient = _term(term, sizes, coefficients)
            terms[rank] = terms.get(rank, 0) + coefficient
        axes.append(tuple(terms.items()))
    return tuple(axes)


def _term(node: Node, sizes: dict[str, int], coefficients: dict[str, int]) -> tuple[str, int]:
    if isinstance(node.value, str):
        return _rank(node, sizes), 1
    parts = node.items()
    if len(parts) not in (1, 2):
        raise node.fail("a term is [dimension] or [dimension, coefficient]")
    if len(parts) == 1:
        return _rank(parts[0], sizes), 1
    if isinstance(parts[1].value, int):
        return _rank(parts[0], sizes), parts[1].whole(1)
    return _rank(parts[0], sizes), coefficients[parts[1].one_of(coefficients)]


def _rank(node: Node, sizes: dict[str, int]) -> str:
    return node.one_of(sizes)

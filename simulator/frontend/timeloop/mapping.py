"""Mappings: directives per level -> a loop nest.

    size of a rank = 1 + (..((b0 * b1 + l1 - 1) * b2 + l2 - 1)..)              b bounds, l last rounds, outermost first

A permutation names ranks from the innermost loop outwards; ranks it does not name come outside them in the order of the problem.
The first `split` ranks of a spatial permutation lie along X, the others along Y. A factor of 0 is the whole rank. A tensor a level
says nothing of is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simulator.errors import suggest
from simulator.frontend.timeloop.node import LARGEST, Fields, Node
from simulator.hardware.hierarchy import Hierarchy
from simulator.mapping.nest import LevelNest, Loop, Nest, X, Y
from simulator.workload.product import Product

_FACTOR = re.compile(
    r"[\s,]*(?:([A-Za-z_]\w*)\s*(<=|>=|=|<|>)\s*|([A-Za-z_]+)\s*)([0-9]{1,15})(?:,([0-9]{1,15}))?(?![0-9.])"
)
_KINDS = ("temporal", "spatial", "bypass", "datatype", "dataspace", "skew")


@dataclass
class _Loops:
    """What a directive says of the loops of a level."""

    node: Node
    factors: dict[str, tuple[int, int]]
    order: list[str]
    split: int


@dataclass
class _Level:
    """What the directives say of a level."""

    temporal: _Loops | None = None
    spatial: _Loops | None = None
    bypass: set[str] = field(default_factory=set)
    keep: set[str] = field(default_factory=set)
    flags: dict[str, frozenset[str]] = field(default_factory=dict)


def read_mapping(
    node: Node,
    directives: list[Node],
    product: Product,
    hierarchy: Hierarchy,
    notes: list[str],
    fanouts: dict[str, str] | None = None,
    outer: dict[str, str] | None = None,
) -> Nest:
    """Read a mapping.

    Parameters
    ----------
    node : Node
        The section ``mapping``, for messages.
    directives : list of Node
        Its entries.
    product : Product
    hierarchy : Hierarchy
    notes : list of str
        Told what is not modelled.
    fanouts : dict of str to str, optional
        Level that has the spatial loops of a node (v0.4); it keeps nothing.
    outer : dict of str to str, optional
        The same, where that level is an ordinary one.

    Raises
    ------
    InputError
        A level, rank or tensor that does not exist, or factors that do not multiply to the size of a rank.
    """
    levels = {storage.name: _Level() for storage in hierarchy.storage}
    for item in directives:
        _directive(item, levels, product, notes, {**(outer or {}), **(fanouts or {})})
    for dummy in (fanouts or {}).values():
        levels[dummy].bypass |= {tensor.name for tensor in product.tensors} - levels[dummy].keep
    _check_products(node, levels, product)
    nest = []
    for i, (name, level) in enumerate(levels.items()):
        if i == 0 and level.bypass:
            raise node.fail(
                f"{name!r}, the outermost memory, keeps every tensor; it bypasses {sorted(level.bypass)}"
            )
        nest.append(_nest(name, level, product))
    return Nest(tuple(nest))


def _directive(
    item: Node, levels: dict[str, _Level], product: Product, notes: list[str], fanouts: dict[str, str]
) -> None:
    fields = item.fields()
    kind = fields.require("type").one_of(_KINDS)
    level = _target(fields, kind, levels, fanouts)
    if kind == "skew":
        raise item.fail("skewed loops are not supported")
    if kind in ("temporal", "spatial"):
        if getattr(level, kind) is not None:
            raise item.fail(f"the {kind} loops of this level are told twice")
        setattr(level, kind, _loops(item, fields, kind, product))
    if kind == "temporal":
        _flag(fields, level, product, "no_reuse", "no_reuse", "no_temporal_reuse")
        _unmodelled_flag(fields, product, "rmw_first_update", notes)
    elif kind == "spatial":
        _flag(fields, level, product, "no_multicast", "no_reuse", "no_multicast_no_reduction", "no_multicast")
        _flag(fields, level, product, "no_link_transfer", "no_link_transfer")
    else:
        _keeps(fields, level, product)
        _unmodelled_flag(fields, product, "no_coalesce", notes)
        _tensors(fields, product, "stream")
    fields.leave(notes)


def _target(fields: Fields, kind: str, levels: dict[str, _Level], fanouts: dict[str, str]) -> _Level:
    node = fields.require("target")
    if isinstance(node.value, int) and not isinstance(node.value, bool) and 0 <= node.value < len(levels):
        return list(levels.values())[len(levels) - 1 - node.value]
    name = node.text()
    if kind == "spatial" and name in fanouts:
        name = fanouts[name]
    if name not in levels:
        raise node.fail(f"no level {name!r}; {suggest(name, [*levels, *fanouts])}")
    return levels[name]


def _loops(item: Node, fields: Fields, kind: str, product: Product) -> _Loops:
    sizes = dict(product.ranks)
    told = fields.take("factors", "factors_only")
    factors = {} if told is None else _factors(told, sizes)
    permutation = fields.take("permutation")
    order = [] if permutation is None else _permutation(permutation, sizes)
    order += [rank for rank in sizes if rank not in order]
    split = fields.take("split") if kind == "spatial" else None
    for unsupported in ("remainders", "default_max_factor", "default_min_factor"):
        limit = fields.take(unsupported)
        if limit is not None:
            raise limit.fail(f"{unsupported} is a constraint of a search, not a mapping")
    return _Loops(item, factors, order, split.whole() if split is not None else len(order))


def _factors(node: Node, sizes: dict[str, int]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    text = _factor_text(node)
    position = 0
    while match := _FACTOR.match(text, position):
        position = match.end()
        named, sign, bare, bound, last = match.groups()
        rank = named or bare
        if sign not in (None, "="):
            raise node.fail(
                f"{match.group().strip(', ')!r} is a constraint of a search; a mapping says '{rank}=N'"
            )
        if rank not in sizes:
            raise node.fail(f"no dimension {rank!r}; {suggest(rank, sizes)}")
        if rank in found:
            raise node.fail(f"the factor of {rank!r} is given twice")
        found[rank] = _factor(node, rank, int(bound), last, sizes[rank])
    if text[position:].strip(" ,\t\n"):
        raise node.fail(f"cannot read {text[position:].strip()!r}; a factor is NAME=NUMBER, for example M=8")
    return found


def _factor(node: Node, rank: str, bound: int, last: str | None, size: int) -> tuple[int, int]:
    bound = bound or size
    rest = bound if last is None else int(last)
    if not 1 <= rest <= bound:
        raise node.fail(f"{rank}={bound},{rest}: the last round has 1..{bound} iterations")
    return bound, rest


def _factor_text(node: Node) -> str:
    if isinstance(node.value, dict):
        return " ".join(f"{entry.name}={entry.whole()}" for entry in node.fields(exact=True).found.values())
    if isinstance(node.value, list):
        return " ".join(item.text().partition("#")[0] for item in node.items())
    return node.text().partition("#")[0]


def _permutation(node: Node, sizes: dict[str, int]) -> list[str]:
    if isinstance(node.value, list):
        names = list(node.texts())
    else:
        names = re.split(r"[\s,]+", node.text().strip())
        if not all(name in sizes for name in names):
            names = [letter for word in names for letter in word]
    for name in names:
        if name not in sizes:
            raise node.fail(f"no dimension {name!r}; {suggest(name, sizes)}")
        if names.count(name) > 1:
            raise node.fail(f"{name!r} is named twice")
    return names


def _tensors(fields: Fields, product: Product, *names: str) -> frozenset[str] | None:
    node = fields.take(*names)
    if node is None:
        return None
    known = [tensor.name for tensor in product.tensors]
    for name in node.texts():
        if name not in known:
            raise node.fail(f"no tensor {name!r}; {suggest(name, known)}")
    return frozenset(node.texts())


def _flag(fields: Fields, level: _Level, product: Product, flag: str, *names: str) -> None:
    told = _tensors(fields, product, *names)
    if told:
        level.flags[flag] = told


def _unmodelled_flag(fields: Fields, product: Product, name: str, notes: list[str]) -> None:
    if told := _tensors(fields, product, name):
        notes.append(
            f"{fields.node.document.place(fields.node.key)}: {name} of {', '.join(sorted(told))}: not modelled"
        )


def _keeps(fields: Fields, level: _Level, product: Product) -> None:
    keep = _tensors(fields, product, "keep") or frozenset()
    bypass = _tensors(fields, product, "bypass") or frozenset()
    only = _tensors(fields, product, "keep_only")
    if only is not None:
        keep, bypass = keep | only, bypass | ({tensor.name for tensor in product.tensors} - only)
    both = (level.keep | keep) & (level.bypass | bypass)
    if both:
        raise fields.node.fail(f"{', '.join(sorted(both))}: kept and bypassed")
    level.keep |= keep
    level.bypass |= bypass


def _check_products(node: Node, levels: dict[str, _Level], product: Product) -> None:
    """Refuse factors of a rank that do not multiply to its size."""
    for rank, size in product.ranks:
        reached, told = 0, []
        for loops in (loops for level in levels.values() for loops in (level.temporal, level.spatial)):
            bound, last = loops.factors.get(rank, (1, 1)) if loops is not None else (1, 1)
            reached = reached * bound + last - 1
            if (bound, last) != (1, 1):
                told.append(f"{bound}" if last == bound else f"{bound},{last}")
            if reached > LARGEST:
                raise node.fail(f"the factors of {rank!r} multiply to more than 2**48")
        if reached + 1 != size:
            raise node.fail(
                f"the factors of {rank!r}, {' x '.join(told) or 1}, make {reached + 1}; its size is {size}"
            )


def _nest(name: str, level: _Level, product: Product) -> LevelNest:
    keeps = frozenset(tensor.name for tensor in product.tensors) - level.bypass
    temporal, spatial = _built(level.temporal, spatial=False), _built(level.spatial, spatial=True)
    order = tuple(reversed(level.temporal.order)) if level.temporal is not None else ()
    across = tuple(reversed(level.spatial.order)) if level.spatial is not None else ()
    return LevelNest(name, temporal, spatial, keeps, order=order, across=across, **level.flags)


def _built(loops: _Loops | None, spatial: bool) -> tuple[Loop, ...]:
    """Loops, outermost first, without those of one iteration."""
    if loops is None:
        return ()
    made = []
    for place, rank in enumerate(loops.order):
        bound, last = loops.factors.get(rank, (1, 1))
        if bound > 1:
            made.append(Loop(rank, bound, last, (X if place < loops.split else Y) if spatial else ""))
    return tuple(reversed(made))

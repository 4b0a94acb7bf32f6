"""Sparse optimisations: representation formats, action and compute optimisations -> features of a hierarchy.

Spellings of all versions are read: ``representation-format`` and ``representation_format``, ``skipping-spatial``,
``skipping_spatial`` and ``spatial_skipping``. An entry of a format that is told no width has that of the level's
``metadata_datawidth`` (0 where there is none), a bit of a bitmask has 1 bit (Timeloop, src/model/sparse-optimization-parser.cpp
at 4cf6d4c).
"""

from __future__ import annotations

from simulator.errors import suggest
from simulator.frontend.timeloop.levels import entry_bits
from simulator.frontend.timeloop.node import Fields, Node
from simulator.hardware.hierarchy import Hierarchy, Storage
from simulator.hardware.saf import (
    FORMATS,
    Condition,
    Features,
    LevelFeatures,
    RankFormat,
    Representation,
    Rule,
)
from simulator.workload.product import Product

_RULES = {
    "gating": "gating",
    "skipping": "skipping",
    "skipping_spatial": "spatial-skipping",
    "spatial_skipping": "spatial-skipping",
    "position_skipping": "position-skipping",
}
_COMPUTE = {
    "gating": "gating",
    "gate_on_zero_operand": "gating",
    "skipping": "skipping",
    "skip_on_not_aligned_operands": "skipping",
}
_ORDERS = {"inner_to_outer": True, "outer_to_inner": False}


Places = dict[tuple[str, str], Node]


def read_features(
    targets: list[Node],
    product: Product,
    hierarchy: Hierarchy,
    notes: list[str],
    places: Places | None = None,
) -> Features:
    """Read what each level does about zeros.

    Parameters
    ----------
    targets : list of Node
        Entries of ``sparse_optimizations: targets``, each with the name of its level.
    product : Product
    hierarchy : Hierarchy
    notes : list of str
        Told what is not modelled.
    places : dict of (str, str) to Node, optional
        Filled with where the format of a level and tensor is told.

    Raises
    ------
    InputError
        A level or tensor that does not exist, a format that is none, or a rule without leaders.
    """
    storages = {storage.name: storage for storage in hierarchy.storage}
    levels: dict[str, LevelFeatures] = {}
    compute: tuple[str, ...] = ()
    for target in targets:
        fields = target.fields()
        node = fields.require("name", "target")
        name = node.one_of([*storages, hierarchy.compute.name])
        if name == hierarchy.compute.name:
            compute = tuple(dict.fromkeys((*compute, *_compute(fields, notes))))
        else:
            if name in levels:
                raise node.fail(f"the sparse optimisations of {name!r} are told twice")
            levels[name] = _level(fields, storages[name], product, notes, {} if places is None else places)
        fields.leave(notes)
    return Features(levels, compute)


def _compute(fields: Fields, notes: list[str]) -> tuple[str, ...]:
    node = fields.require("compute_optimization")
    rules = []
    for item in node.items():
        entry = item.fields()
        rules.append(_COMPUTE[_spelt(entry.require("type"), _COMPUTE)])
        entry.leave(notes)
    return tuple(dict.fromkeys(rules))


def _spelt(node: Node, spellings: dict[str, str] | dict[str, bool]) -> str:
    text = node.text().lower().replace("-", "_")
    if text not in spellings:
        raise node.fail(f"unknown {node.text()!r}; {suggest(text, spellings)}")
    return text


def _level(
    fields: Fields, storage: Storage, product: Product, notes: list[str], places: Places
) -> LevelFeatures:
    representation = fields.take("representation_format")
    action = fields.take("action_optimization")
    wrong = fields.take("compute_optimization")
    if wrong is not None:
        raise wrong.fail(f"{storage.name!r} is a memory; a compute optimisation is told of the multipliers")
    formats: list[Representation] = []
    if representation is not None:
        entry = representation.fields()
        for item in entry.require("data_spaces").items():
            formats.append(_representation(item, storage, product, notes))
            if (storage.name, formats[-1].tensor) in places:
                raise item.fail(f"the format of {formats[-1].tensor!r} is told twice")
            places[storage.name, formats[-1].tensor] = item
        entry.leave(notes)
    rules = tuple(_rule(item, product, notes) for item in action.items()) if action is not None else ()
    return LevelFeatures(tuple(formats), rules)


def _representation(item: Node, storage: Storage, product: Product, notes: list[str]) -> Representation:
    fields = item.fields()
    tensor = _tensor(fields.require("name"), product)
    order = fields.take("rank_application_order")
    node = fields.require("ranks")
    ranks = tuple(_rank(entry, storage, product, notes) for entry in node.items())
    if not ranks:
        raise node.fail(f"the format of {tensor!r} has no ranks")
    for outer, inner, entry in zip(ranks, ranks[1:], node.items()[1:], strict=False):
        if outer.compressed and not inner.compressed:
            raise entry.fail(
                f"{inner.format} keeps all coordinates and cannot lie below the compressed {outer.format}"
            )
    fields.leave(notes)
    return Representation(tensor, ranks, order is not None and _ORDERS[_spelt(order, _ORDERS)])


def _rank(item: Node, storage: Storage, product: Product, notes: list[str]) -> RankFormat:
    fields = item.fields()
    node = fields.require("format")
    kind = node.text().upper()
    if kind not in FORMATS:
        raise node.fail(f"unknown format {node.text()!r}; {suggest(kind, FORMATS)}")
    default = entry_bits(storage)
    metadata = _width(fields, "metadata_word_bits", 1 if kind in ("B", "UB") else default, storage)
    if kind in ("CP", "RLE") and not metadata and fields.take("metadata_word_bits") is None:
        notes.append(
            f"{item.document.place(item.key)}: {kind} entries at {storage.name!r} are told no width: 0 b"
        )
    payload = _width(fields, "payload_word_bits", default, storage)
    flattened = fields.take("flattened_rankIDs", "flattened_rankids", "flattened_ranks")
    absorbed = None if flattened is None else tuple(_ranks(entry, product) for entry in flattened.items())
    fields.leave(notes)
    if kind == "U":
        return RankFormat(kind, None, None, absorbed)
    return RankFormat(kind, metadata, payload, absorbed)


def _width(fields: Fields, name: str, default: int, storage: Storage) -> int:
    node = fields.take(name)
    bits = default if node is None else node.whole()
    if bits > max(storage.metadata_bits, 0) and node is not None and storage.metadata_bits:
        raise node.fail(
            f"{bits} bits are wider than the metadata storage of {storage.name!r}, {storage.metadata_bits} bits"
        )
    return bits


def _ranks(node: Node, product: Product) -> tuple[str, ...]:
    known = dict(product.ranks)
    for name in node.texts():
        if name not in known:
            raise node.fail(f"no dimension {name!r}; {suggest(name, known)}")
    return node.texts()


def _rule(item: Node, product: Product, notes: list[str]) -> Rule:
    fields = item.fields()
    kind = _RULES[_spelt(fields.require("type"), _RULES)]
    options = fields.take("options")
    if options is not None:
        conditions = []
        for entry in options.items():
            choice = entry.fields()
            conditions.append(_condition(choice, kind, product))
            choice.leave(notes)
        if not conditions:
            raise options.fail("a rule has at least one option")
    else:
        conditions = [_condition(fields, kind, product)]
    fields.leave(notes)
    return Rule(kind, tuple(conditions))


def _condition(fields: Fields, kind: str, product: Product) -> Condition:
    follower = _tensor(fields.require("target"), product)
    node = fields.require("condition_on")
    if not isinstance(node.value, list):
        raise node.fail("leaders are told as a list, for example [A]")
    leaders = tuple(_tensor(entry, product) for entry in node.items())
    if not leaders and kind != "position-skipping":
        raise node.fail(f"{kind} of {follower!r} has no leader")
    if follower in leaders:
        raise node.fail(f"{follower!r} cannot lead itself")
    return Condition(follower, leaders)


def _tensor(node: Node, product: Product) -> str:
    known = [tensor.name for tensor in product.tensors]
    if node.text() not in known:
        raise node.fail(f"no tensor {node.text()!r}; {suggest(node.text(), known)}")
    return node.text()

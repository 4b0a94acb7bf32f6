"""Memories and multipliers from the attributes a specification gives them.

    block_size x cluster_size x word_bits = width           words = depth x block_size

Names and defaults are those of Timeloop (src/model/buffer.cpp and arithmetic.cpp at 4cf6d4c): a word has 16 bits, one of block
and cluster size follows from the width, and of instances, meshX and meshY the missing ones follow from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from simulator.frontend.timeloop.node import Fields, Node, plain
from simulator.hardware.hierarchy import Compute, Storage

WORD_BITS = 16
_EFFECTIVE = (
    "network_fill_latency",
    "network_drain_latency",
    "power_gated_at",
    "has_power_gating",
    "allow_overbooking",
    "per_dataspace_bandwidth_consumption_scale",
    "concordant_compressed_tile_traversal",
    "metadata_block_size",
    "addr_gen_energy",
    "cluster_area",
    "reduction_supported",
)
"""Attributes Timeloop's own model acts on and nothing here does."""
_IDLE = {"power_gated_at", "has_power_gating", "allow_overbooking", "concordant_compressed_tile_traversal"}


@dataclass(frozen=True)
class Level:
    """A component of the architecture before its attributes are understood.

    Attributes
    ----------
    node : Node
        Where it is told.
    name, path, kind : str
    instances : int
    attributes : Fields
    more : tuple of (str, str)
        Attributes it has from elsewhere (its class, those inherited).
    """

    node: Node
    name: str
    path: str
    kind: str
    instances: int
    attributes: Fields
    more: tuple[tuple[str, str], ...] = ()


def storage(level: Level, notes: list[str]) -> Storage:
    """A memory.

    Raises
    ------
    InputError
        Attributes that are missing, contradict each other or are no numbers.
    """
    fields = level.attributes
    word = _whole(fields, WORD_BITS, 1, "word_bits", "word_width", "datawidth")
    block, cluster = _blocks(level, word)
    instances, mesh_x, mesh_y = _mesh(level)
    metadata = _whole(fields, 0, 0, "metadata_storage_width", "metadata_width")
    depth = fields.take("metadata_storage_depth", "metadata_depth")
    shared, read, write = _bandwidths(fields)
    banks = fields.take("n_banks", "num_banks")
    for name in ("metadata_datawidth", "metadata_word_bits", "vector_access_energy"):
        told = fields.found.get(name)
        if told is not None and told.value is not None and told.number() < 0:
            raise told.fail(f"{plain(told.value)} is negative")
        if told is not None and told.value is not None and name.startswith("metadata"):
            told.whole()
    return Storage(
        name=level.name,
        path=level.path,
        kind=level.kind,
        instances=instances,
        mesh_x=mesh_x,
        mesh_y=mesh_y,
        word_bits=word,
        block_size=block,
        cluster_size=cluster,
        capacity=_capacity(level, word, block),
        metadata_bits=metadata,
        metadata_capacity=depth.whole() if depth is not None else None,
        read_bandwidth=read,
        write_bandwidth=write,
        shared_bandwidth=shared,
        multiple_buffering=_positive(fields, "multiple_buffering", Fraction(1)),
        min_utilization=_fraction(fields, "min_utilization"),
        banks=banks.whole() if banks is not None else None,
        attributes=_attributes(level, notes),
    )


def entry_bits(storage: Storage) -> int:
    """Width of a format entry that is told none, in bits: the level's ``metadata_datawidth``, or 0."""
    told = dict(storage.attributes)
    return int(told.get("metadata_datawidth") or told.get("metadata_word_bits") or 0)


def compute(level: Level, notes: list[str]) -> Compute:
    """The multipliers; see :func:`storage`."""
    word = _whole(level.attributes, WORD_BITS, 1, "word_bits", "datawidth")
    instances, mesh_x, mesh_y = _mesh(level)
    return Compute(level.name, level.path, instances, mesh_x, mesh_y, word, 1, _attributes(level, notes))


def _whole(fields: Fields, default: int, least: int, *names: str) -> int:
    node = fields.take(*names)
    return default if node is None else node.whole(least)


def _positive(fields: Fields, name: str, default: Fraction) -> Fraction:
    node = fields.take(name)
    if node is None:
        return default
    if node.number() <= 0:
        raise node.fail(f"{plain(node.value)} is not above 0")
    return node.number()


def _fraction(fields: Fields, name: str) -> Fraction:
    node = fields.take(name)
    share = Fraction(0) if node is None else node.number()
    if node is not None and not 0 <= share <= 1:
        raise node.fail(f"{plain(node.value)} is not within 0..1")
    return share


def _blocks(level: Level, word: int) -> tuple[int, int]:
    """Words of a block, instances of a cluster."""
    fields = level.attributes
    block, cluster = fields.take("block_size", "n_words"), fields.take("cluster_size")
    width = fields.take("width", "memory_width", "data_storage_width")
    words = block.whole(1) if block is not None else 1
    sharing = cluster.whole(1) if cluster is not None else 1
    if width is None:
        return words, sharing
    bits = width.whole(1)
    if bits % (word * words):
        raise width.fail(f"a width of {bits} bits is no multiple of {words} words of {word} bits")
    if block is not None and cluster is not None and words * word * sharing != bits:
        raise width.fail(f"block_size {words} x cluster_size {sharing} x {word} bits is not {bits}")
    if block is not None:
        return words, bits // (word * words)
    if bits % (word * sharing):
        raise width.fail(f"a width of {bits} bits is no multiple of cluster_size {sharing} x {word} bits")
    return bits // (word * sharing), sharing


def _capacity(level: Level, word: int, block: int) -> int | None:
    fields = level.attributes
    entries = fields.take("entries")
    depth = fields.take("depth", "memory_depth", "data_storage_depth")
    kilobytes = fields.take("sizeKB")
    if kilobytes is not None and (entries is not None or depth is not None):
        raise kilobytes.fail("sizeKB beside entries or depth: tell one of them")
    if "DRAM" in level.kind:
        return None
    if entries is not None:
        return entries.whole()
    if depth is not None:
        return depth.whole() * block
    return None if kilobytes is None else kilobytes.whole() * 1024 * 8 // word


def _mesh(level: Level) -> tuple[int, int, int]:
    fields = level.attributes
    told = fields.take("instances")
    instances = level.instances if told is None else told.whole(1)
    x_node, y_node = fields.take("meshX"), fields.take("meshY")
    x = x_node.whole(1) if x_node is not None else None
    y = y_node.whole(1) if y_node is not None else None
    if x is None:
        x = instances // y if y is not None else instances
    if y is None:
        y = instances // x if x else 0
    if x * y != instances:
        where = x_node or y_node or level.node
        raise where.fail(f"meshX {x} x meshY {y} is not the {instances} instances of {level.name!r}")
    return instances, x, y


def _bandwidths(fields: Fields) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Shared, read and write bandwidth in words per cycle."""

    def rate(name: str) -> Fraction | None:
        return _positive(fields, name, Fraction(1)) if fields.take(name) is not None else None

    both = rate("bandwidth")
    half = both / 2 if both is not None else None
    return rate("shared_bandwidth"), rate("read_bandwidth") or half, rate("write_bandwidth") or half


def _attributes(level: Level, notes: list[str]) -> tuple[tuple[str, str], ...]:
    """What is left, as text, and a note of that which would change an estimate of Timeloop's."""
    rest = {
        node.name.replace("-", "_"): plain(node.value)
        for node in level.attributes.rest()
        if node.value is not None
    }
    for name in _EFFECTIVE:
        value = rest.get(name, "").lower()
        idle = value in ("", "0", "1", "false") if name in _IDLE else value in ("", "0", "1", "true")
        if not idle and not (name == "power_gated_at" and value == level.name.lower()):
            notes.append(f"{level.name}: {name} = {rest[name]}: not modelled")
    known = dict(level.more)
    return tuple(sorted({**known, **rest}.items()))

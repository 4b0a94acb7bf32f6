"""``show`` for design points.

The product, the memories with what cycles take for granted, formats and rules, the loop nest, and what is not modelled.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.console import print_json, print_table
from simulator.hardware.hierarchy import Timing

if TYPE_CHECKING:
    from simulator.hardware.hierarchy import Storage
    from simulator.hardware.saf import RankFormat, Rule
    from simulator.mapping.design_point import DesignPoint

SCHEMA_VERSION = 1
DEFAULTS = (
    f"cycles, where the specification tells none: latency {Timing().latency} cycle, queue {Timing().queue} transfers, "
    "slots 2 where two tiles fit or tiles are single words, else 1"
)
SYNC = "instances below a fan-out start each iteration of the loops of the level that fans out together"


def show_point(point: DesignPoint, read: tuple[str, ...], as_json: bool) -> None:
    """Print the resolved design point, and which file each section of it was read from."""
    if as_json:
        print_json({**document(point), "read": list(read)})
        return
    sizes = ", ".join(f"{rank} {size}" for rank, size in point.product.ranks)
    click.echo(
        f"{point.name}: {point.product.text}\nranks: {sizes}; {point.product.computes:,} multiplications"
    )
    for tensor in point.product.tensors:
        told = point.occupancy_of(tensor.name)
        shape = " x ".join(str(size) for size in tensor.shape)
        click.echo(f"tensor {tensor.name}: {shape}, {told.distribution}, density {float(told.density):g}")
    columns = [
        ("level", False),
        ("kind", False),
        ("instances", True),
        ("capacity (words)", True),
        ("word (b)", True),
        ("metadata (words x b)", True),
    ]
    columns += [("read (words/cycle)", True), ("write (words/cycle)", True), ("shared (words/cycle)", True)]
    columns += [("latency (cycles)", True), ("queue (transfers)", True), ("slots (tiles)", True)]
    print_table("Levels", columns, [_level(storage) for storage in point.hierarchy.storage])
    compute = point.hierarchy.compute
    units = f"{compute.instances} multiplier{'s' if compute.instances > 1 else ''} of {compute.word_bits} b"
    click.echo(f"{compute.name}: {units}, latency {compute.latency} cycle")
    click.echo(f"{DEFAULTS}\n{SYNC}")
    for line in _features(point):
        click.echo(line)
    click.echo(f"loop nest:\n{_indented(point.nest.text)}")
    for source in read if len({line.partition(": ")[2] for line in read}) > 1 else ():
        click.echo(f"read {source}")
    click.echo("not modelled:" + ("" if point.unmodelled else " nothing of what the files say"))
    for note in point.unmodelled:
        click.echo(f"  - {note}")


def _level(storage: Storage) -> list[str]:
    mesh = f" ({storage.mesh_x} x {storage.mesh_y})" if storage.mesh_y > 1 else ""
    rates = (storage.read_bandwidth, storage.write_bandwidth, storage.shared_bandwidth)
    timing = storage.timing
    return [
        storage.name,
        storage.kind,
        f"{storage.instances}{mesh}",
        "unlimited" if storage.capacity is None else f"{storage.capacity:,}",
        str(storage.word_bits),
        _metadata(storage),
        *("unlimited" if rate is None else str(rate) for rate in rates),
        str(timing.latency),
        str(timing.queue),
        "not told" if timing.slots is None else str(timing.slots),
    ]


def _metadata(storage: Storage) -> str:
    if not storage.metadata_bits:
        return "none"
    capacity = "unlimited" if storage.metadata_capacity is None else f"{storage.metadata_capacity:,}"
    return f"{capacity} x {storage.metadata_bits}"


def _features(point: DesignPoint) -> list[str]:
    lines = []
    for name, level in point.features.levels.items():
        for told in level.representations:
            order = ", given from the inside" if told.inner_first else ""
            lines.append(f"{name}: {told.tensor} as {' '.join(map(_rank, told.ranks))}{order}")
        lines += [f"{name}: {_rule(rule)}" for rule in level.rules]
    lines += [f"{point.hierarchy.compute.name}: {kind} of computes" for kind in point.features.compute]
    return lines or ["nothing is done about zeros"]


def _rank(rank: RankFormat) -> str:
    bits = [
        f"{b} b {what}" for b, what in ((rank.metadata_bits, "metadata"), (rank.payload_bits, "payload")) if b
    ]
    flat = "".join(f" of {'+'.join(names)}" for names in rank.flattened or ())
    return f"{rank.format}({', '.join(bits)}){flat}" if bits else f"{rank.format}{flat}"


def _rule(rule: Rule) -> str:
    told = [f"{o.follower} <- {', '.join(o.leaders) or 'its own zeros'}" for o in rule.options]
    return f"{rule.kind} {' or '.join(told)}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def document(point: DesignPoint) -> dict[str, Any]:
    """The design point as one JSON document."""
    from dataclasses import asdict

    parts = {
        name: _plain(asdict(getattr(point, name)))
        for name in ("product", "hierarchy", "nest", "features", "energies")
    }
    occupancy = {name: _plain(asdict(told)) for name, told in point.occupancy.items()}
    rest = {"occupancy": occupancy, "unmodelled": list(point.unmodelled)}
    return {"schema_version": SCHEMA_VERSION, "kind": "design point", "name": point.name, **parts, **rest}


def _plain(value: Any) -> Any:
    """JSON-ready: sets sorted, ratios as numbers or ``p/q``."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else str(value)
    return value

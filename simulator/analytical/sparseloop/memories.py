"""Capacity, vector accesses, bandwidth and energy of every memory.

    vector accesses     ceil(words / block) x ratio;  for compressed tiles
                        ratio = E[ceil(non-zeros / block)] / (expected non-zeros / block)
    metadata            ceil(bits / width of the metadata storage)
    words moved         random + gated words, and bits of their entries / word bits, over the instances that are there
    throttle            min over read, write, shared of  bandwidth x compute cycles / words moved,  at most 1
    cycles              ceil(compute cycles / throttle)
    energy              sum over actions of vector accesses x energy of the action x instances at work

Tiles must fit at their largest. Energies fall back along a chain per action (:mod:`simulator.energy.chains`, or a
version's own); reductions, address generation and networks cost nothing, as no table tells them. Source: Wu et al.,
Sparseloop, MICRO 2022, section 5.4; chains and the table of :data:`THRESHOLDS` of the public release of Timeloop of
July 2022 (include/model).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.analytical.sparseloop.formats import EPSILON, entries
from simulator.analytical.sparseloop.modes import Mode
from simulator.analytical.sparseloop.tile import ACCESSES, STATES, Tile
from simulator.energy.chains import CHAINS, COMPUTE_CHAINS, METADATA_CHAINS
from simulator.energy.reference_table import ReferenceTable, component_name
from simulator.errors import InfeasibleError, InputError
from simulator.hardware.hierarchy import Compute, Storage

_WRITE = ("gated_write", "idle", "write")
CHAINS_2022: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_read", "read"),
    ("random", "fill"): ("random_fill", "write"),
    ("random", "update"): ("random_update", "random_fill", "write"),
    ("gated", "read"): ("gated_read", "idle", "read"),
    ("gated", "fill"): ("gated_fill", *_WRITE),
    ("gated", "update"): ("gated_update", *_WRITE),
    ("skipped", "read"): ("skipped_read", "gated_read", "idle", "read"),
    ("skipped", "fill"): ("skipped_fill", "skipped_write", *_WRITE),
    ("skipped", "update"): ("skipped_update", "skipped_write", *_WRITE),
}
"""Names of an action of a memory in a table of energies, first to last, in July 2022."""
_IDLE = ("metadata_idle",)
METADATA_CHAINS_2022: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_metadata_read", "metadata_read", *_IDLE, "idle"),
    ("gated", "read"): ("gated_metadata_read", *_IDLE, "metadata_read"),
    ("skipped", "read"): ("skipped_metadata_read", *_IDLE, "metadata_read"),
    ("random", "fill"): ("random_metadata_fill", "metadata_write", *_IDLE, "idle"),
    ("gated", "fill"): ("gated_metadata_fill", "gated_metadata_write", *_IDLE, "metadata_write"),
    ("skipped", "fill"): ("skipped_metadata_fill", "skipped_metadata_write", *_IDLE, "metadata_write"),
    ("random", "update"): ("random_metadata_update", "metadata_write", *_IDLE, "idle"),
    ("gated", "update"): ("gated_metadata_update", "gated_metadata_write", *_IDLE, "metadata_write"),
    ("skipped", "update"): ("skipped_metadata_update", "skipped_metadata_write", *_IDLE, "metadata_write"),
}
"""The same of metadata."""
CHAINS_2025: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_read", "read"),
    ("gated", "read"): ("gated_read",),
    ("skipped", "read"): ("skipped_read", "gated_read"),
    ("random", "fill"): ("random_fill", "random_write", "fill", "write"),
    ("gated", "fill"): ("gated_fill", "gated_write"),
    ("skipped", "fill"): ("skipped_fill", "skipped_write", "gated_fill", "gated_write"),
    ("random", "update"): ("random_update", "random_write", "update", "write"),
    ("gated", "update"): ("gated_update", "gated_write"),
    ("skipped", "update"): ("skipped_update", "skipped_write", "gated_update", "gated_write"),
}
"""The chains of the public release of March 2025: what is gated or skipped costs nothing unless a table tells it."""


def chain(state: str, access: str, metadata: bool, mode: Mode) -> tuple[str, ...]:
    """Names of an action in a table of energies, first to last."""
    action = (state, "read" if access == "drain" else access)
    if mode.by_coordinates:
        return (METADATA_CHAINS if metadata else CHAINS)[action]
    if not mode.recent_chains:
        return (METADATA_CHAINS_2022 if metadata else CHAINS_2022)[action]
    names = CHAINS_2025[action]
    if not metadata:
        return names
    return tuple(re.sub(r"^((?:random|gated|skipped)_)?", r"\1metadata_", name) for name in names)


THRESHOLDS: dict[int, tuple[int, ...]] = {
    2: (251, 125, 84, 63, 51, 42, 36, 32, 28, 1),
    4: (375, 188, 125, 94, 75, 63, 54, 47, 42, 1),
    8: (438, 219, 146, 110, 88, 73, 63, 55, 49, 1),
    16: (469, 235, 157, 118, 94, 79, 67, 59, 52, 1),
    32: (485, 243, 162, 122, 97, 81, 70, 61, 52, 1),
}
"""Tile size in blocks from which vector accesses are not inflated, by block and by density 0.1, 0.2, .. 1.0 (buffer.hpp:53-62)."""


@dataclass(frozen=True)
class Memory:
    """What the model says of one memory.

    Attributes
    ----------
    cycles : int
        What the memory alone would need; in published versions the multipliers' cycles over the throttle.
    throttle : float
        Share of the full speed, 0..1.
    energy_pj : dict of str to float
        Per tensor and action, all instances.
    occupied : int
        Words of the largest tiles together.
    """

    cycles: int
    throttle: float
    energy_pj: dict[str, float]
    occupied: int


def evaluate(
    tiles: list[Tile], storage: Storage, energies: ReferenceTable, compute_time: float, mode: Mode
) -> Memory:
    """Capacity, bandwidth and energy of one memory.

    Parameters
    ----------
    tiles : list of Tile
        Of every tensor, at this memory.
    storage : Storage
    energies : ReferenceTable
    compute_time : float
        Cycles of the multipliers, rounded up where the mode does.
    mode : Mode

    Raises
    ------
    InfeasibleError
        Tiles do not fit, or more instances are needed than there are.
    """
    occupied = _fits(tiles, storage, mode)
    reads, writes = _words(tiles, storage, mode)
    if mode.floors:
        throttle = _throttle(reads, writes, storage, compute_time)
        cycles = whole_cycles(compute_time / throttle, mode)
    else:
        time = _time(reads, writes, storage)
        throttle = min(compute_time / time, 1.0) if time else 1.0
        cycles = whole_cycles(time, mode)
    return Memory(cycles, float(throttle), _energy(tiles, storage, energies, mode), occupied)


def whole_cycles(time: float, mode: Mode) -> int:
    """A time rounded up; but for what floating point adds, where the mode is no published version."""
    return math.ceil(time if mode.floors else time * (1 - EPSILON))


def _fits(tiles: list[Tile], storage: Storage, mode: Mode) -> int:
    """Words and entries of the largest tiles, checked against the memory."""
    words = bits = 0
    for tile in tiles:
        if not tile.kept:
            continue
        most = tile.density.most(tile.traffic.sizes) if tile.has_metadata else tile.traffic.size
        words += most
        bits += math.ceil(_entry_bits(tile, most, mode))
        for axis, needed, there in (("X", tile.x, storage.mesh_x), ("Y", tile.y, storage.mesh_y)):
            check_instances(storage.path, axis, needed, there, f" of {tile.tensor}")
    capacity = None if storage.capacity is None else math.floor(storage.capacity / storage.multiple_buffering)
    if capacity is None:
        return words
    told = ", ".join(
        f"{t.tensor} {t.density.most(t.traffic.sizes) if t.has_metadata else t.traffic.size}"
        for t in tiles
        if t.kept
    )
    if words > capacity:
        raise InfeasibleError(f"{storage.path}: tiles of {words} words ({told}) do not fit its {capacity}")
    if words < capacity * storage.min_utilization:
        raise InfeasibleError(
            f"{storage.path}: tiles of {words} words ({told}) fill less than the least share told, "
            f"{float(storage.min_utilization)} of {capacity}"
        )
    room = (storage.metadata_capacity or 0) * storage.metadata_bits
    room = math.floor(room / storage.multiple_buffering)
    if storage.metadata_capacity is not None and bits > room:
        raise InfeasibleError(f"{storage.path}: {bits} bits of metadata do not fit its {room}")
    return words


def check_instances(path: str, axis: str, needed: int, there: int, of: str) -> None:
    """Refuse a mapping that needs more instances than there are.

    Raises
    ------
    InfeasibleError
    """
    if needed > there:
        raise InfeasibleError(
            f"{path}: the mapping{of} needs {needed} instances along {axis}, and there are {there}"
        )


def _entry_bits(tile: Tile, most: int, mode: Mode) -> float:
    """Bits of the entries of a tile that holds `most` non-zeros."""
    if not tile.has_metadata:
        return 0.0
    if mode.by_coordinates:
        return sum(
            rank.metadata_bits * unit.metadata + rank.payload_bits * unit.payload
            for rank, unit in zip(tile.ranks, tile.units, strict=True)
        )
    units = entries(tile, np.array([most], dtype=np.int64), mode)
    return sum(
        rank.metadata_bits * float(m[0]) + rank.payload_bits * float(p[0])
        for rank, (m, p) in zip(tile.ranks, units, strict=True)
    )


def _words(tiles: list[Tile], storage: Storage, mode: Mode) -> tuple[float, float]:
    """Words read and written per instance, metadata included, averaged over the instances that are there."""
    reads = writes = 0.0
    for tile in tiles:
        if not tile.kept:
            continue
        read = _moved(tile, ("read", "drain"), storage.word_bits, mode)
        write = _moved(tile, ("fill", "update"), storage.word_bits, mode)
        share = tile.instances / (tile.x * tile.y) if tile.x * tile.y else 0.0
        reads += math.ceil(read * share) if mode.floors else read * share
        writes += math.ceil(write * share) if mode.floors else write * share
    return reads, writes


def _moved(tile: Tile, accesses: tuple[str, ...], word_bits: int, mode: Mode) -> float:
    data = sum(tile.counts[(state, access)] for state in ("random", "gated") for access in accesses)
    bits = sum(tile.bits(state, access) for state in ("random", "gated") for access in accesses)
    return data + (int(bits) // word_bits if mode.floors else bits / word_bits)


def _time(reads: float, writes: float, storage: Storage) -> float:
    """Cycles the bandwidths alone ask for."""
    rates = (storage.read_bandwidth, storage.write_bandwidth, storage.shared_bandwidth)
    words = (reads, writes, reads + writes)
    return max(
        (w / float(rate) for rate, w in zip(rates, words, strict=True) if rate is not None), default=0.0
    )


def _throttle(reads: float, writes: float, storage: Storage, compute_time: float) -> float:
    """Share of full speed the bandwidths allow, as Timeloop rounds it."""
    slowest = 1.0
    if not compute_time:
        return slowest
    for told, words in (
        (storage.read_bandwidth, reads),
        (storage.write_bandwidth, writes),
        (storage.shared_bandwidth, reads + writes),
    ):
        if told is not None and words:
            slowest = min(slowest, float(Fraction(told)) / (words / compute_time))
    return slowest


def _energy(tiles: list[Tile], storage: Storage, energies: ReferenceTable, mode: Mode) -> dict[str, float]:
    """Energy per tensor and action in pJ, all instances."""
    found: dict[str, float] = {}
    name = component_name(storage.path)
    override = dict(storage.attributes).get("vector_access_energy") or dict(storage.attributes).get(
        "vector-access-energy"
    )
    for tile in tiles:
        if not tile.kept or tile.instances <= 0:
            continue
        ratio = inflation(tile, storage.block_size, mode)
        clusters = min(tile.x * tile.y, storage.instances // storage.cluster_size)
        scale = tile.instances * clusters / (tile.x * tile.y) if tile.x * tile.y else 0.0
        for state in STATES:
            for access in ACCESSES:
                vectors = _whole(tile.counts[(state, access)] / storage.block_size, mode) * ratio
                cost = energies.find(name, chain(state, access, False, mode))
                if cost is None and state == "random":
                    cost = float(override) if override else built_in_energy(storage, mode)
                _add(found, f"{tile.tensor} {state} {access}", vectors * (cost or 0.0) * scale)
                vectors = metadata_vectors(tile, state, access, storage, mode)
                cost = energies.find(name, chain(state, access, True, mode))
                _add(found, f"{tile.tensor} {state} metadata {access}", vectors * (cost or 0.0) * scale)
    return found


def built_in_energy(storage: Storage, mode: Mode) -> float:
    """Energy of a vector access where no table tells it: a line through two memories of Eyeriss, 0.5 KiB at 1 and
    100 KiB at 6 multiplications of 16 bits per 16 bits; DRAM at 200 (Timeloop ee66b62, pat-public/src/pat/pat.cpp).
    """
    if not mode.built_in_energies:
        return 0.0
    bits = storage.word_bits * storage.block_size
    if "DRAM" in storage.kind or storage.capacity is None:
        return 200.0 * bits / 16
    width = bits * storage.cluster_size
    kib = width * math.ceil(storage.capacity / storage.block_size) / (8 * 1024)
    return (1.0 + (6.0 - 1.0) / (100.0 - 0.5) * (kib - 0.5)) * width / 16 / storage.cluster_size


def _add(found: dict[str, float], key: str, energy: float) -> None:
    if energy:
        found[key] = found.get(key, 0.0) + energy


def _whole(vectors: float, mode: Mode) -> float:
    """Whole vectors where the mode counts whole accesses; their mean where it does not."""
    return math.ceil(vectors) if mode.floors else vectors


def metadata_vectors(tile: Tile, state: str, access: str, storage: Storage, mode: Mode) -> float:
    """Accesses to the metadata storage."""
    if not storage.metadata_bits:
        return 0.0
    return _whole(tile.bits(state, access) / storage.metadata_bits, mode)


def inflation(tile: Tile, block: int, mode: Mode) -> float:
    """Vector accesses per access that fills its blocks.

    Raises
    ------
    InputError
        A block the mode's table does not list.
    """
    density = tile.expected_density
    if not tile.compressed or block == 1 or density >= 1.0 or not tile.expected:
        return 1.0
    if mode.vector_table:
        row = THRESHOLDS.get(block) or (THRESHOLDS[32] if mode.wide_blocks else None)
        if row is None:
            raise InputError(
                f"mode {mode.name!r} knows vector accesses of {sorted(THRESHOLDS)} words; the memory has {block}"
            )
        column = math.floor(density / 0.1) - 1 if density >= 0.1 else 0
        if row[column] <= tile.traffic.size // block:
            return 1.0
    found = tile.density.distribution(tile.traffic.sizes)
    total = float(np.ceil(found.occupancy / block) @ found.probability)
    return total / (tile.traffic.size * density / block)


def compute_energy(
    actual: float, gated: float, skipped: float, compute: Compute, energies: ReferenceTable, mode: Mode
) -> dict[str, float]:
    """Energy of the multipliers in pJ, by state."""
    name = component_name(compute.path)
    built_in = (compute.word_bits / 16) ** 2 if mode.built_in_energies else 0.0
    counts = {"actual": actual, "gated": gated, "skipped": skipped}
    found = {}
    for state, chain in COMPUTE_CHAINS.items():
        cost = energies.find(name, chain)
        if cost is None:
            cost = built_in if state == "actual" else 0.0
        found[state] = cost * counts[state]
    return {state: energy for state, energy in found.items() if energy}

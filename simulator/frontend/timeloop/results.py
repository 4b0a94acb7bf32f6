"""What Timeloop and Sparseloop print of a run (``*.stats.txt``) -> an estimate, to lay beside others.

Both prints are read, the short one of dense runs and the long one of sparse runs, of 2022 and later. A memory's
counts are printed per instance; here, as in every estimate, they are summed over the instances at work. Entries of
formats are printed without their width: with a design point at hand they are turned into metadata words, without one an entry
counts as a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from simulator.errors import InputError
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Counts, Estimate, LevelEstimate

STATES = ("algorithmic", "actual", "gated", "skipped")
ACCESSES = ("reads", "fills", "updates")
MODEL = "file"
MAX_BYTES = 1 << 26
LONGEST, LARGEST = 40, 10**30
"""Characters of a number in a message, and a number larger than anything that is counted here."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,2})?\Z")
_TITLE = re.compile(r"=== (.+) ===\Z")
_TENSOR = re.compile(r" {4}(\S+):\Z")
_COUNT = re.compile(
    r"(?:(algorithmic|actual|gated|skipped) )?scalar (reads|fills|updates) \(per-instance\)\Z"
)
_FORMAT = re.compile(r"(actual|gated|skipped) scalar format (reads|fills|updates) \(per-instance\)\Z")
_RANK = re.compile(r"rank ([0-9]+) \(metadata, payload\)\Z")
_PAIR = re.compile(r"\(([0-9]+), +([0-9]+)\)\Z")
_COMPUTES = re.compile(r"(?:(algorithmic|actual|gated|skipped) )?computes \(total\)\Z")
_ENERGY = re.compile(r"(leakage |temporal reduction |address generation )?energy \(total\)\Z")
_INSTANCES = re.compile(r"([0-9]+)")

Entries = dict[tuple[str, str], dict[int, tuple[int, int]]]


@dataclass
class Tensor:
    """What is told of one tensor at one memory; counts per instance.

    Attributes
    ----------
    counts : dict of (str, str) to Fraction
        By access (``reads``) and state (``actual``).
    entries : dict of (str, str) to dict of int to (int, int)
        Metadata and payload entries of a format by rank, 0 the innermost.
    utilized : Fraction
        Instances at work on average.
    """

    counts: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    entries: Entries = field(default_factory=dict)
    utilized: Fraction = Fraction(1)


@dataclass
class Level:
    """What is told of one level, innermost first in the file."""

    name: str
    instances: int = 1
    cycles: int = 0
    throttle: float = 1.0
    tensors: dict[str, Tensor] = field(default_factory=dict)
    energy: dict[str, float] = field(default_factory=dict)
    computes: dict[str, Fraction] = field(default_factory=dict)


def read_stats(path: Path, point: DesignPoint | None = None) -> Estimate:
    """Read statistics.

    Parameters
    ----------
    path : Path
        ``timeloop-model.stats.txt``, ``timeloop-mapper.stats.txt``.
    point : DesignPoint, optional
        What was run: gives entries of formats their width.

    Raises
    ------
    InputError
        It cannot be read or is not of this kind.
    """
    lines = read_text(path).splitlines()
    summary = next((i for i, line in enumerate(lines) if line.strip() == "Summary Stats"), len(lines))
    networks = next((i for i, line in enumerate(lines) if line.strip() == "Networks"), summary)
    cycles = next((line for line in lines[summary:] if line.startswith("Cycles:")), None)
    if cycles is None:
        raise InputError(f"{path}: no 'Cycles:' below 'Summary Stats'; not statistics of Timeloop")
    levels = _levels(path, lines[:networks])
    extra = _network_energy(path, lines, networks, summary)
    total = _number(path, lines.index(cycles), cycles.partition(":")[2])
    return estimate(path, levels, int(total), point, extra)


def read_text(path: Path) -> str:
    """A file as text.

    Raises
    ------
    InputError
        It cannot be read, is no text, or far too large.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES} bytes, which no statistics are")
        return raw.decode("utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8 text") from None


def _levels(path: Path, lines: list[str]) -> list[Level]:
    levels: list[Level] = []
    tensor: Tensor | None = None
    entries: dict[int, tuple[int, int]] | None = None
    for place, line in enumerate(lines):
        key, _, value = (part.strip() for part in line.partition(" :" if " : " in line else ":"))
        word = key.lower()
        if title := _TITLE.match(line.strip()):
            levels.append(Level(title[1]))
            tensor = None
        elif not levels:
            continue
        elif named := _TENSOR.match(line):
            tensor = levels[-1].tensors.setdefault(named[1], Tensor())
        elif rank := _RANK.match(word):
            if entries is not None:
                entries[int(rank[1])] = _pair(path, place, value)
        else:
            entries = _line(path, place, word, value, levels[-1], tensor, line)
    if not levels:
        raise InputError(f"{path}: no level ('=== NAME ==='); not statistics of Timeloop")
    return levels


def _line(
    path: Path, place: int, word: str, value: str, level: Level, tensor: Tensor | None, line: str
) -> dict[int, tuple[int, int]] | None:
    """One line of a level; where it opens entries of a format by rank, the place they go to."""
    word = word or line.strip().lower()
    if told := _FORMAT.match(word):
        return tensor.entries.setdefault((told[2], told[1]), {}) if tensor is not None else None
    if (count := _COUNT.match(word)) and tensor is not None:
        states = ("algorithmic", "actual") if count[1] is None else (count[1],)
        for state in states:
            tensor.counts[count[2], state] = _number(path, place, value)
    elif computes := _COMPUTES.match(word):
        for state in ("algorithmic", "actual") if computes[1] is None else (computes[1],):
            level.computes[state] = _number(path, place, value)
    elif energy := _ENERGY.match(word):
        kind = (energy[1] or "access ").strip()
        level.energy[kind] = level.energy.get(kind, 0.0) + float(
            _number(path, place, value.removesuffix("pJ"))
        )
    elif word in ("utilized instances (max)", "utilized instances (average)") and tensor is not None:
        tensor.utilized = _number(path, place, value)
    elif word == "instances" and (number := _INSTANCES.match(value)):
        level.instances = int(number[1])
    elif word == "cycles":
        level.cycles = int(_number(path, place, value))
    elif word == "bandwidth throttling":
        level.throttle = float(_number(path, place, value))
    return None


def _number(path: Path, place: int, text: str) -> Fraction:
    return number(f"{path}:{place + 1}", text)


def number(place: str, text: str) -> Fraction:
    """A printed number.

    Raises
    ------
    InputError
        It is none, or larger than anything that is counted here.
    """
    if _NUMBER.match(text.strip()) and abs(Fraction(text.strip())) <= LARGEST:
        return Fraction(text.strip())
    raise InputError(f"{place}: {text.strip()[:LONGEST]!r} is not a number")


def _pair(path: Path, place: int, text: str) -> tuple[int, int]:
    match = _PAIR.match(text)
    if match is None:
        raise InputError(f"{path}:{place + 1}: {text[:60]!r} is not (metadata, payload)")
    return int(match[1]), int(match[2])


def _network_energy(path: Path, lines: list[str], first: int, last: int) -> dict[str, dict[str, float]]:
    """Energy of networks that have any, by name and kind."""
    found: dict[str, dict[str, float]] = {}
    name = ""
    for place in range(first, last):
        line = lines[place]
        if lines[place - 1].startswith("-----") and lines[max(place - 2, 0)].startswith("Network "):
            name = line.strip()
        key, _, value = (part.strip() for part in line.partition(":"))
        if name and key.lower().endswith("energy (total)"):
            energy = float(_number(path, place, value.removesuffix("pJ")))
            if energy:
                kinds = found.setdefault(name, {})
                kind = key.lower().removesuffix("energy (total)").strip() or "transfer"
                kinds[kind] = kinds.get(kind, 0.0) + energy
    return found


def estimate(
    path: Path,
    levels: list[Level],
    cycles: int,
    point: DesignPoint | None,
    extra: dict[str, dict[str, float]],
) -> Estimate:
    """What was read, as an estimate: outermost memory first, without those that keep nothing."""
    units = next((level for level in levels if level.computes), None)
    if units is None:
        raise InputError(f"{path}: no level with computes; not statistics of Timeloop")
    memories = [level for level in levels if level.tensors]
    slowest = max(memories, key=lambda level: level.cycles, default=units)
    energy = {
        level.name: {k: e for k, e in level.energy.items() if e} for level in (*reversed(memories), units)
    }
    energy = {name: kinds for name, kinds in energy.items() if kinds} | extra
    return Estimate(
        MODEL,
        path.name if point is None else point.name,
        cycles,
        units.cycles,
        Counts(*(_whole(units.computes.get(state, Fraction(0))) for state in STATES)),
        tuple(_level(level, point) for level in reversed(memories)),
        energy,
        slowest.name if slowest.cycles > units.cycles else "compute",
        _assumptions(memories, point),
        "Timeloop, as printed",
    )


def _assumptions(memories: list[Level], point: DesignPoint | None) -> tuple[str, ...]:
    formats = any(tensor.entries for level in memories for tensor in level.tensors.values())
    told = "printed numbers are rounded, energies to 0.01 pJ"
    return (
        (told, "an entry of a format counts as one metadata word") if formats and point is None else (told,)
    )


def _level(level: Level, point: DesignPoint | None) -> LevelEstimate:
    utilized = max((tensor.utilized for tensor in level.tensors.values()), default=Fraction(0))
    tensors = {name: _accesses(level, name, tensor, point) for name, tensor in level.tensors.items()}
    return LevelEstimate(level.name, level.instances, _whole(utilized), level.cycles, level.throttle, tensors)


def _accesses(level: Level, name: str, tensor: Tensor, point: DesignPoint | None) -> dict[str, Counts]:
    found = {}
    for access in ACCESSES:
        told = [tensor.counts.get((access, state), Fraction(0)) * tensor.utilized for state in STATES]
        found[access] = Counts(*map(_whole, told))
        words = [_words(level, name, tensor.entries.get((access, s), {}), point) for s in STATES[1:]]
        if any(words):
            words = [count * tensor.utilized for count in words]
            found[f"metadata_{access}"] = Counts(_whole(sum(words, Fraction(0))), *map(_whole, words))
    return found


def _words(
    level: Level, tensor: str, entries: dict[int, tuple[int, int]], point: DesignPoint | None
) -> Fraction:
    """Metadata words of entries by rank."""
    storage = (
        None if point is None else next((s for s in point.hierarchy.storage if s.name == level.name), None)
    )
    told = None if point is None else point.features.at(level.name).representation(tensor)
    if storage is None or told is None or not storage.metadata_bits:
        return Fraction(sum(metadata + payload for metadata, payload in entries.values()))
    bits = 0
    for rank, (metadata, payload) in entries.items():
        if rank < len(told.ranks):
            of = told.ranks[len(told.ranks) - 1 - rank]
            bits += metadata * (of.metadata_bits or 0) + payload * (of.payload_bits or 0)
    return Fraction(bits, storage.metadata_bits)


def _whole(number: Fraction) -> int | Fraction:
    return int(number) if number.denominator == 1 else number

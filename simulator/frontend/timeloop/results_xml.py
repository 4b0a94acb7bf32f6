"""``*.map+stats.xml``, what Timeloop keeps of a run in full precision -> an estimate.

The file does not name tensors: they are told in the order of the problem's data spaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from simulator.errors import InputError
from simulator.frontend.timeloop.results import ACCESSES, Level, Tensor, estimate, number, read_text
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Estimate

_STATES = {"random": "actual", "gated": "gated", "skipped": "skipped"}


def read_xml(path: Path, point: DesignPoint | None = None, tensors: Sequence[str] = ()) -> Estimate:
    """Read results.

    Parameters
    ----------
    path : Path
    point : DesignPoint, optional
        What was run: names its tensors and gives entries of formats their width.
    tensors : sequence of str
        Names of the data spaces in the order of the problem; without, and without a point, ``data space 0`` and so on.

    Raises
    ------
    InputError
        It cannot be read or is not of this kind.
    """
    text = read_text(path)
    if "<!ENTITY" in text:
        raise InputError(f"{path}: defines entities, which no results do")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f"{path}:{error.position[0]}:{error.position[1] + 1}: not XML: {error}") from None
    levels = [_level(path, node) for node in root.iterfind("engine/topology_/levels_/item/px")]
    if not levels:
        raise InputError(f"{path}: no levels; not results of Timeloop")
    names = tensors or (_order(levels, point) if point is not None else ())
    for level in levels:
        level.tensors = {_named(names, place): level.tensors[place] for place in level.tensors}
    return estimate(path, levels, max(level.cycles for level in levels), point, {})


def _named(names: Sequence[str], place: str) -> str:
    return names[int(place)] if int(place) < len(names) else f"data space {place}"


def _order(levels: list[Level], point: DesignPoint) -> list[str]:
    """Tensors in the order of the file: the problem's own, moved where the memories that keep them say otherwise."""
    kept = {level.name: set(level.tensors) for level in levels}
    free = [tensor.name for tensor in point.product.tensors]
    found = []
    for place in range(len(free)):
        fitting = [name for name in free if _fits(str(place), name, kept, point)]
        found.append(fitting[0] if fitting else free[0])
        free.remove(found[-1])
    return found


def _fits(place: str, name: str, kept: dict[str, set[str]], point: DesignPoint) -> bool:
    return all(
        (name in level.keeps) == (place in kept.get(level.level, set())) for level in point.nest.levels
    )


def _level(path: Path, node: ElementTree.Element) -> Level:
    level = Level(node.findtext("specs_/LevelSpecs/level_name") or "?")
    level.instances = int(_number(path, node.findtext("specs_/instances/t_"), "instances"))
    stats = node.find("stats_")
    if stats is None:
        level.cycles = int(_number(path, node.findtext("cycles_"), "cycles"))
        level.energy["access"] = float(_number(path, node.findtext("energy_"), "energy"))
        for state in ("algorithmic", "random", "gated", "skipped"):
            count = _number(path, node.findtext(f"{state}_computes_"), f"{state} computes")
            level.computes[_STATES.get(state, state)] = count
        return level
    level.cycles = int(_number(path, stats.findtext("cycles"), "cycles"))
    level.throttle = float(_number(path, stats.findtext("slowdown"), "slowdown"))
    for place, keep in enumerate(_items(stats, "keep")):
        if keep.text == "1":
            level.tensors[str(place)] = _tensor(path, stats, place)
            energy = _number(path, _items(stats, "energy")[place].text, "energy")
            of_all = float(energy * level.tensors[str(place)].utilized)
            level.energy["access"] = level.energy.get("access", 0.0) + of_all
    return level


def _tensor(path: Path, stats: ElementTree.Element, place: int) -> Tensor:
    tensor = Tensor(utilized=_count(path, stats, "utilized_instances", place))
    for access in ACCESSES:
        tensor.counts[access, "algorithmic"] = _count(path, stats, access, place)
        for state, told in _STATES.items():
            tensor.counts[access, told] = _count(path, stats, f"{state}_{access}", place)
            entries = _items(stats, f"{state}_format_{access}")
            if place < len(entries):
                ranks = [_pair(path, pair) for pair in entries[place].iterfind("item")]
                tensor.entries[access, told] = dict(enumerate(ranks))
    return tensor


def _items(stats: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return stats.findall(f"{name}/PerDataSpace/item")


def _count(path: Path, stats: ElementTree.Element, name: str, place: int) -> Fraction:
    items = _items(stats, name)
    return _number(path, items[place].text if place < len(items) else None, name)


def _pair(path: Path, node: ElementTree.Element) -> tuple[int, int]:
    """Metadata and payload entries of a rank."""
    numbers = [
        int(_number(path, leaf.text, "entries")) for leaf in node if leaf.tag in ("item", "first", "second")
    ]
    if len(numbers) != 2:
        raise InputError(f"{path}: a rank has {len(numbers)} numbers of entries, not metadata and payload")
    return numbers[0], numbers[1]


def _number(path: Path, text: str | None, name: str) -> Fraction:
    return number(f"{path}: {name}", text or "")

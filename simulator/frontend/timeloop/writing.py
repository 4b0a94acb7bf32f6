"""A design point -> one file, of v0.3 or v0.4, that reads back as the same point.

What these files have no word for stands in two sections of our own: ``cycles`` (timing) and ``sparsecycle`` (the name, where
the energies are from, paths of components, what was not understood).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import yaml

from simulator.errors import InputError
from simulator.frontend.timeloop.tree import FlatTree, Tagged, v03, v04
from simulator.hardware.hierarchy import Timing
from simulator.hardware.saf import Features, RankFormat, Representation, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import LevelNest, Loop
from simulator.mapping.ranks import unfit_formats
from simulator.workload.occupancy import Occupancy
from simulator.workload.product import Access, Product

VERSIONS = ("0.3", "0.4")
_WIDTH = 110


def dump(point: DesignPoint, version: str = "0.4", own: bool = True) -> str:
    """Write a design point as YAML text.

    Parameters
    ----------
    point : DesignPoint
    version : str
        ``0.3`` (a tree, hyphens) or ``0.4`` (nodes, underscores).
    own : bool
        Whether our own sections are written. The front end of v0.4 refuses sections it does not know; without them a file
        reads back with default timing, and levels for fan-outs.

    Raises
    ------
    InputError
        An unknown version, or a nest these files cannot express: a rank twice among the loops of a level, a loop along X outside
        one along Y.
    """
    if version not in VERSIONS:
        raise InputError(f"version {version!r}; choices: {', '.join(VERSIONS)}")
    tree = (v03 if version == "0.3" else v04)(point.hierarchy, point.nest)
    data: dict[str, Any] = {"architecture": tree.architecture, "problem": _problem(point)}
    data["mapping"] = [
        entry for level in point.nest.levels for entry in _directives(level, point.product, tree)
    ]
    targets = _targets(point.features, point.hierarchy.compute.name)
    if version == "0.4":
        tree.attach(targets)
    elif targets:
        data["sparse_optimizations"] = {"targets": targets}
    data |= _tables(point, version)
    if own:
        data |= _cycles(point) | {"sparsecycle": _own(point, tree)}
    if version == "0.3":
        data = {key: _hyphened(value) if key in _HYPHENED else value for key, value in data.items()}
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=_WIDTH)


_HYPHENED = ("problem", "sparse_optimizations")
_WORDS = (
    "data_spaces",
    "read_write",
    "representation_format",
    "action_optimization",
    "compute_optimization",
    "rank_application_order",
    "metadata_word_bits",
    "payload_word_bits",
    "condition_on",
    "flattened_rankIDs",
    "inner_to_outer",
    "fixed_structured",
    "spatial_skipping",
    "position_skipping",
)


class _Dumper(yaml.SafeDumper):
    """Plain data, tagged nodes, exact numbers; nothing is an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_tagged(dumper: yaml.SafeDumper, data: Any) -> yaml.Node:
    return dumper.represent_mapping(f"!{data.tag}", data.fields)


def _represent_fraction(dumper: yaml.SafeDumper, data: Fraction) -> yaml.Node:
    return dumper.represent_data(exact(data))


_Dumper.add_representer(Tagged, _represent_tagged)
_Dumper.add_representer(Fraction, _represent_fraction)


def exact(number: Fraction) -> int | float | str:
    """A ratio as a decimal number where that is exact, else ``p/q``."""
    if number.denominator == 1:
        return int(number)
    decimal = float(number)
    return decimal if Fraction(repr(decimal)) == number else f"{number.numerator}/{number.denominator}"


def _hyphened(value: Any) -> Any:
    """Keys and words as v0.3 spells them."""
    if isinstance(value, dict):
        return {_spelt(key): _hyphened(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_hyphened(entry) for entry in value]
    return _spelt(value) if isinstance(value, str) else value


def _spelt(word: str) -> str:
    if word == "spatial_skipping":
        return "skipping-spatial"
    return word.replace("_", "-") if word in _WORDS else word


def _problem(point: DesignPoint) -> dict[str, Any]:
    product = point.product
    factors = sorted({c for t in product.tensors for axis in t.axes for _, c in axis.terms if c != 1})
    shape: dict[str, Any] = {"name": product.name, "dimensions": [rank for rank, _ in product.ranks]}
    if factors:
        shape["coefficients"] = [{"name": f"times{c}", "default": c} for c in factors]
    shape["data_spaces"] = [_space(tensor, tensor is product.output) for tensor in product.tensors]
    instance: dict[str, Any] = dict(product.ranks)
    if point.occupancy:
        instance["densities"] = {name: _density(told) for name, told in point.occupancy.items()}
    return {"shape": shape, "instance": instance}


def _space(tensor: Access, written: bool) -> dict[str, Any]:
    projection = [
        [[rank] if c == 1 else [rank, f"times{c}"] for rank, c in axis.terms] for axis in tensor.axes
    ]
    space: dict[str, Any] = {"name": tensor.name, "projection": projection}
    return space | {"read_write": True} if written else space


def _density(told: Occupancy) -> dict[str, Any]:
    entry: dict[str, Any] = {"distribution": told.distribution.replace("-", "_")}
    if told.path is not None:
        entry["path"] = told.path
    elif told.distribution != "banded":
        entry["density"] = told.density
    if told.band_width is not None:
        entry["band_width"] = told.band_width
    return entry if told.size is None else entry | {"workload_tensor_size": told.size}


def _directives(level: LevelNest, product: Product, tree: FlatTree) -> list[dict[str, Any]]:
    tensors = [tensor.name for tensor in product.tensors]
    entries: list[dict[str, Any]] = []
    kept = {
        "keep": [t for t in tensors if t in level.keeps],
        "bypass": [t for t in tensors if t not in level.keeps],
    }
    if not (tree.dummies and level.level in tree.spatial):
        entries.append({"target": level.level, "type": tree.bypass, **kept})
        entries.append(
            {
                "target": level.level,
                "type": "temporal",
                **_loops(level.temporal, product, level.level, tree.lists),
            }
        )
        _flags(entries[-1], tree.no_temporal, level.no_reuse)
    if level.spatial or level.no_multicast or level.no_link_transfer:
        along_x = sum(loop.axis == "X" for loop in level.spatial)
        if any(loop.axis == "Y" for loop in level.spatial[len(level.spatial) - along_x :]):
            raise InputError(f"{level.level}: a loop along X outside one along Y cannot be written")
        spatial = {"target": tree.spatial.get(level.level, level.level), "type": "spatial"}
        entries.append(
            {**spatial, **_loops(level.spatial, product, level.level, tree.lists), "split": along_x}
        )
        _flags(entries[-1], tree.no_spatial, level.no_multicast)
        _flags(entries[-1], "no_link_transfer", level.no_link_transfer)
    return entries


def _flags(entry: dict[str, Any], name: str, tensors: frozenset[str]) -> None:
    if tensors:
        entry[name] = sorted(tensors)


def _loops(loops: tuple[Loop, ...], product: Product, level: str, lists: bool) -> dict[str, Any]:
    """Factors and permutation, innermost first."""
    names = [loop.rank for loop in reversed(loops)]
    if len(set(names)) < len(names):
        raise InputError(f"{level}: a rank twice among the loops of a level cannot be written")
    told = {loop.rank: loop for loop in loops}
    bounds = [
        f"{r}={loop.bound}" + (f",{loop.last}" if loop.last != loop.bound else "") for r, loop in told.items()
    ]
    ranks = names + [rank for rank, _ in product.ranks if rank not in names]
    if lists:
        return {"factors": bounds, "permutation": ranks}
    letters = all(len(rank) == 1 for rank in ranks)
    return {"factors": " ".join(bounds), "permutation": "".join(ranks) if letters else ranks}


def _targets(features: Features, compute: str) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = []
    for name, level in features.levels.items():
        target: dict[str, Any] = {"name": name}
        if level.representations:
            target["representation_format"] = {
                "data_spaces": [_format(told) for told in level.representations]
            }
        if level.rules:
            target["action_optimization"] = [_rule(rule) for rule in level.rules]
        targets.append(target)
    if features.compute:
        targets.append(
            {"name": compute, "compute_optimization": [{"type": kind} for kind in features.compute]}
        )
    return targets


def _format(told: Representation) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": told.tensor, "ranks": [_rank(rank) for rank in told.ranks]}
    return entry | {"rank_application_order": "inner_to_outer"} if told.inner_first else entry


def _rank(rank: RankFormat) -> dict[str, Any]:
    entry: dict[str, Any] = {"format": rank.format}
    if rank.metadata_bits is not None:
        entry["metadata_word_bits"] = rank.metadata_bits
    if rank.payload_bits is not None:
        entry["payload_word_bits"] = rank.payload_bits
    if rank.flattened is not None:
        entry["flattened_rankIDs"] = [list(ranks) for ranks in rank.flattened]
    return entry


def _rule(rule: Rule) -> dict[str, Any]:
    options = [{"target": told.follower, "condition_on": list(told.leaders)} for told in rule.options]
    return {"type": rule.kind.replace("-", "_"), "options": options}


def _tables(point: DesignPoint, version: str) -> dict[str, Any]:
    """Energy and area tables."""
    tables: dict[str, Any] = {}
    number = float(version)
    if point.energies.energy_pj:
        rows = [
            {
                "name": name,
                "actions": [
                    {"name": action, "arguments": {}, "energy": energy} for action, energy in actions.items()
                ],
            }
            for name, actions in point.energies.energy_pj.items()
        ]
        tables["ERT"] = {"version": number, "tables": rows}
    if point.energies.area_um2:
        areas = [{"name": name, "area": area} for name, area in point.energies.area_um2.items()]
        tables["ART"] = {"version": number, "tables": areas}
    return tables


def _cycles(point: DesignPoint) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for storage in point.hierarchy.storage:
        timing = storage.timing
        if timing != Timing():
            slots = {} if timing.slots is None else {"slots": timing.slots}
            told[storage.name] = {"latency": f"{timing.latency} cycle", "queue": timing.queue, **slots}
    compute = point.hierarchy.compute
    if compute.latency != 1:
        told[compute.name] = {"latency": f"{compute.latency} cycle"}
    return {"cycles": told} if told else {}


def _own(point: DesignPoint, tree: FlatTree) -> dict[str, Any]:
    own: dict[str, Any] = {"name": point.name, "literal": True}
    if tree.name != point.hierarchy.name:
        own["hierarchy"] = point.hierarchy.name
    if not tree.dummies:
        own["fanout_levels"] = False
    if any(unfit_formats(point)):
        own["merged_ranks"] = True
    if point.energies.source:
        own["source"] = point.energies.source
    if tree.paths:
        own["paths"] = tree.paths
    if point.unmodelled:
        own["unmodelled"] = list(point.unmodelled)
    return own

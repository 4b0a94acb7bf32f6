"""Hierarchies as the architecture of a file: a tree of containers (v0.3) or a list of nodes (v0.4)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from simulator.hardware.hierarchy import Compute, Hierarchy, Storage
from simulator.mapping.nest import LevelNest, Nest

_DOT = re.compile(r"\.(?![^\[\]]*\])")
_PART = re.compile(r"([A-Za-z_][\w\-]*)(?:\[([0-9]{1,9})\.\.([0-9]{1,9})\])?\Z")
_DUMMY = re.compile(r"inter_(.+)_spatial\Z")


@dataclass(frozen=True)
class Tagged:
    """A mapping with a YAML tag."""

    tag: str
    fields: dict[str, Any]


@dataclass
class FlatTree:
    """An architecture as plain data, and what the rest of the file must know of it.

    Attributes
    ----------
    architecture : dict
    paths : dict of str to str
        Paths the architecture itself does not tell, by component.
    name : str
        What a reader calls the hierarchy.
    spatial : dict of str to str
        Target of the spatial loops of a level, where it is not the level itself.
    dummies : bool
        Whether fan-outs are levels of their own that the reader must make.
    bypass, no_temporal, no_spatial : str
        Words of this version.
    lists : bool
        Whether factors and permutations are lists.
    """

    architecture: dict[str, Any]
    paths: dict[str, str] = field(default_factory=dict)
    name: str = ""
    spatial: dict[str, str] = field(default_factory=dict)
    dummies: bool = True
    bypass: str = "bypass"
    no_temporal: str = "no_temporal_reuse"
    no_spatial: str = "no_multicast_no_reduction"
    lists: bool = False

    def attach(self, targets: list[dict[str, Any]]) -> None:
        """Give the nodes of v0.4 their sparse optimisations."""
        told = {
            target["name"]: {key: part for key, part in target.items() if key != "name"} for target in targets
        }
        for node in self.architecture["nodes"]:
            if node.tag == "Component" and node.fields["name"] in told:
                node.fields["sparse_optimizations"] = told[node.fields["name"]]


def v03(hierarchy: Hierarchy, nest: Nest) -> FlatTree:
    """A tree of containers after the paths of the levels; one container where the paths are no tree."""
    levels: list[Storage | Compute] = [*hierarchy.storage, hierarchy.compute]
    chains = _chains(levels)
    paths = {} if chains else {level.name: level.path for level in levels}
    chains = chains or [(["system"], _ranged(level.name, level.instances)) for level in levels]
    top: dict[str, Any] = {"version": 0.3}
    here, place = top, list[str]()
    for level, (chain, name) in zip(levels, chains, strict=True):
        while len(place) < len(chain):
            place.append(chain[len(place)])
            inner: dict[str, Any] = {"name": place[-1], "local": []}
            here["subtree"] = [inner]
            here = inner
        attributes = _attributes(level)
        if _told(chain, name) != level.instances:
            attributes["instances"] = level.instances
        here["local"].append(
            _component(level, name, {**attributes, "meshX": level.mesh_x, "meshY": level.mesh_y})
        )
    _without_empty(top)
    return FlatTree(top, paths, _DOT.split(chains[0][0][0])[0].partition("[")[0])


def _without_empty(tree: dict[str, Any]) -> None:
    for branch in tree.get("subtree", []):
        if not branch["local"]:
            del branch["local"]
        _without_empty(branch)


def _chains(levels: list[Storage | Compute]) -> list[tuple[list[str], str]]:
    """Containers and name of each level as its path tells them; empty when the paths are no single branch."""
    found: list[tuple[list[str], str]] = []
    for level in levels:
        *chain, name = _DOT.split(level.path)
        own = _PART.match(name)
        if not chain or own is None or own.group(1) != level.name or not all(map(_PART.match, chain)):
            return []
        if found and chain[: len(found[-1][0])] != found[-1][0]:
            return []
        found.append((chain, name))
    return found


def _told(chain: list[str], name: str) -> int:
    """Instances that the ranges of a path make."""
    ranges = [match.groups()[1:] for part in (*chain, name) if (match := _PART.match(part))]
    return math.prod(int(last) - int(first) + 1 for first, last in ranges if last is not None)


def _ranged(name: str, count: int) -> str:
    return f"{name}[0..{count - 1}]" if count > 1 else name


def v04(hierarchy: Hierarchy, nest: Nest) -> FlatTree:
    """A list of nodes; levels that only fan out become the fan-out of a container where all fan-outs are such."""
    levels: list[Storage | Compute] = [*hierarchy.storage, hierarchy.compute]
    dummies = _only_dummies(hierarchy, nest)
    named = _PART.match(hierarchy.name)
    top = hierarchy.name if named is not None and named.group(2) is None else "system"
    nodes: list[Tagged] = [Tagged("Container", {"name": top})]
    tree = FlatTree({}, {}, top, {}, dummies, "dataspace", "no_reuse", "no_reuse", True)
    last: Storage | Compute | None = None
    for level in levels:
        title = _DUMMY.match(level.name) if dummies else None
        x = level.mesh_x // last.mesh_x if last is not None else level.mesh_x
        y = level.mesh_y // last.mesh_y if last is not None else level.mesh_y
        spatial = {"spatial": {"meshX": x, "meshY": y}} if x * y > 1 else {}
        if title is not None:
            inside = levels[levels.index(level) + 1]
            across = {"meshX": inside.mesh_x // level.mesh_x, "meshY": inside.mesh_y // level.mesh_y}
            tree.spatial[level.name] = title.group(1)
            if inside.name != title.group(1):
                nodes.append(Tagged("Container", {"name": title.group(1), "spatial": across}))
        else:
            if (
                dummies
                and isinstance(last, Storage)
                and _DUMMY.match(last.name)
                and tree.spatial[last.name] != level.name
            ):
                spatial = {}
            nodes.append(
                Tagged("Component", {**_component(level, level.name, _attributes(level)), **spatial})
            )
        if last is not None and not dummies:
            tree.spatial[last.name] = level.name
        if level.path != f"{top}_top_level.{level.name}[1..{level.instances}]":
            tree.paths[level.name] = level.path
        last = level
    tree.architecture = {"version": 0.4, "nodes": nodes}
    return tree


def _only_dummies(hierarchy: Hierarchy, nest: Nest) -> bool:
    """Whether the levels are what a reader of v0.4 makes of fan-outs: before each, and nowhere else, one that keeps nothing."""
    levels: list[Storage | Compute] = [*hierarchy.storage, hierarchy.compute]
    for i, level in enumerate(levels[:-1]):
        assert isinstance(level, Storage)
        fans = levels[i + 1].instances != level.instances
        made = Storage(
            level.name,
            level.path,
            "dummy_storage",
            level.instances,
            level.mesh_x,
            level.mesh_y,
            1,
            capacity=1,
        )
        dummy = _DUMMY.match(level.name) is not None and level == made and _passes(nest.levels[i])
        if fans != dummy:
            return False
    return levels[0].instances == 1


def _passes(level: LevelNest) -> bool:
    """Whether a level only fans out."""
    return not (level.keeps or level.temporal or level.no_reuse)


def _component(level: Storage | Compute, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    more = dict(level.attributes)
    subclass = more.pop("subclass", None)
    kind = level.kind if isinstance(level, Storage) else "compute"
    entry: dict[str, Any] = {"name": name, "class": kind}
    if subclass is not None:
        entry["subclass"] = subclass
    return entry | {"attributes": {**attributes, **more}}


def _attributes(level: Storage | Compute) -> dict[str, Any]:
    if isinstance(level, Compute):
        return {"datawidth": level.word_bits}
    told: dict[str, Any] = {
        "datawidth": level.word_bits,
        "width": level.word_bits * level.block_size * level.cluster_size,
    }
    told |= {"block_size": level.block_size, "cluster_size": level.cluster_size}
    if level.capacity is not None:
        whole = level.capacity % level.block_size == 0
        told |= {"depth": level.capacity // level.block_size} if whole else {"entries": level.capacity}
    optional = {
        "metadata_storage_width": level.metadata_bits or None,
        "metadata_storage_depth": level.metadata_capacity,
        "read_bandwidth": level.read_bandwidth,
        "write_bandwidth": level.write_bandwidth,
        "shared_bandwidth": level.shared_bandwidth,
        "multiple_buffering": level.multiple_buffering if level.multiple_buffering != 1 else None,
        "min_utilization": level.min_utilization or None,
        "n_banks": level.banks,
    }
    return told | {name: value for name, value in optional.items() if value is not None}

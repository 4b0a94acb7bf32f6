"""Architectures of v0.4: a list of nodes -> levels, outermost first, as the front end of Timeloop flattens them.

    !Container, !Component      a place with attributes; what `spatial: {meshX, meshY}` says holds for it and everything after it
    !Hierarchical, !Pipelined   nodes one after another
    !Parallel                   nodes side by side, none with a fan-out; each is a level of its own, and a branch
                                bypasses what none of it is told to keep
    !Nothing                    nothing

A node X with a fan-out gets a level ``inter_X_spatial`` before it that keeps nothing and has the spatial loops of X. Attributes
of containers hold for all that comes after. Constraints and sparse optimisations of nodes are as if they were told in lists with
the name of the node. (timeloopfe, common/version_transpilers/v4_to_v3.py.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.frontend.timeloop.architecture import MOST, hierarchy, is_compute, is_storage, parts
from simulator.frontend.timeloop.expression import evaluate
from simulator.frontend.timeloop.levels import Level
from simulator.frontend.timeloop.node import Fields, Node
from simulator.hardware.hierarchy import Hierarchy

_BRANCHES = ("Hierarchical", "Pipelined", "Parallel")
_LEAVES = ("Container", "Component")
_KINDS = {"spatial": "spatial", "temporal": "temporal", "dataspace": "dataspace"}


@dataclass
class Flat:
    """What a list of nodes says.

    Attributes
    ----------
    hierarchy : Hierarchy
    directives : list of Node
        Constraints of nodes, as directives of a mapping.
    targets : list of Node
        Sparse optimisations of nodes, each with the name of its node.
    fanouts : dict of str to str
        Level that has the spatial loops of a node and keeps nothing.
    outer : dict of str to str
        Level that has the spatial loops of a node, where fan-outs are no levels.
    parallels : list of list of list of str
        Components of each branch of every ``!Parallel``.
    """

    hierarchy: Hierarchy
    directives: list[Node]
    targets: list[Node]
    fanouts: dict[str, str]
    outer: dict[str, str] = field(default_factory=dict)
    parallels: list[list[list[str]]] = field(default_factory=list)


@dataclass
class _Walk:
    """The state of a walk over nodes."""

    notes: list[str]
    names: dict[str, object]
    literal: bool = False
    dummies: bool = True
    inherited: dict[str, Node] = field(default_factory=dict)
    mesh: tuple[int, int] = (1, 1)
    top: str = ""
    levels: list[Level] = field(default_factory=list)
    directives: list[Node] = field(default_factory=list)
    targets: list[Node] = field(default_factory=list)
    fanouts: dict[str, str] = field(default_factory=dict)


def read_nodes(
    node: Node, variables: Node | None, notes: list[str], literal: bool = False, dummies: bool = True
) -> Flat:
    """Read ``architecture`` with ``nodes``.

    Parameters
    ----------
    node : Node
    variables : Node or None
        The section ``variables``.
    notes : list of str
        Told what is not modelled.
    literal : bool
        Whether texts are texts, and no expressions.
    dummies : bool
        Whether a fan-out becomes a level of its own; without, its loops are those of the level before.

    Raises
    ------
    InputError
        A node without a known tag, a fan-out side by side with something, no multipliers at the end.
    """
    architecture = node.fields()
    architecture.take("version")
    title = architecture.take("name")
    names: dict[str, object] = {}
    for entry in variables.fields(exact=True).found.values() if variables is not None else []:
        names[entry.name] = _evaluated(entry, names).value
    walk = _Walk(notes, names, literal, dummies)
    nodes = architecture.require("nodes")
    for item, beside in _leaves(nodes, False, notes):
        _leaf(item, beside, walk)
    architecture.leave(notes)
    if walk.levels and not is_compute(walk.levels[-1].kind):
        raise walk.levels[-1].node.fail("the last component must be the multipliers (class: compute)")
    name = title.text() if title is not None else walk.top or "system"
    built = hierarchy(node, name, walk.levels, notes)
    if not dummies:
        names_of = [*(s.name for s in built.storage), built.compute.name]
        return Flat(built, walk.directives, walk.targets, {}, dict(zip(names_of[1:], names_of, strict=False)))
    return Flat(built, walk.directives, walk.targets, walk.fanouts, {}, list(_parallels(nodes)))


def _parallels(nodes: Node) -> Iterator[list[list[str]]]:
    """For every !Parallel, outermost first: the names of the components of each branch."""
    for item in nodes.items():
        inner = item.fields().take("nodes") if item.tag in _BRANCHES else None
        if inner is not None:
            if item.tag == "Parallel":
                yield [_names(branch) for branch in inner.items()]
            yield from _parallels(inner)


def _names(branch: Node) -> list[str]:
    if branch.tag in _BRANCHES:
        inner = branch.fields().take("nodes")
        return [name for node in inner.items() for name in _names(node)] if inner is not None else []
    return [parts(branch.fields().require("name"))[0]] if branch.tag in _LEAVES else []


def _leaves(nodes: Node, beside: bool, notes: list[str]) -> Iterator[tuple[Node, bool]]:
    """Containers and components in order, each with whether it stands beside others."""
    for item in nodes.items():
        if item.tag in _BRANCHES:
            fields = item.fields()
            inner = fields.take("nodes")
            fields.leave(notes)
            if inner is not None:
                yield from _leaves(inner, item.tag == "Parallel", notes)
        elif item.tag in _LEAVES:
            yield item, beside
        elif item.tag != "Nothing":
            told = f"!{item.tag}" if item.tag else "no tag"
            raise item.fail(f"a node is !{', !'.join((*_LEAVES, *_BRANCHES, 'Nothing'))}; here: {told}")


def _leaf(item: Node, beside: bool, walk: _Walk) -> None:
    fields = item.fields()
    enabled = fields.take("enabled")
    if enabled is not None and not enabled.flag():
        walk.notes.append(f"{item.document.place(item.key)}: a node that is not enabled: left out")
        return
    name = fields.require("name")
    title, count = parts(name)
    container = item.tag == "Container"
    if not walk.top and container:
        walk.top = title
    x, y = _spatial(fields, count)
    if beside and (container or x * y > 1):
        raise item.fail("nodes side by side (!Parallel) have no fan-out and are no containers")
    if x * y > 1:
        if walk.dummies:
            _fan_out(item, title, walk)
        walk.mesh = walk.mesh[0] * x, walk.mesh[1] * y
        if walk.mesh[0] * walk.mesh[1] > MOST:
            raise item.fail("more instances than any machine has")
    own = fields.take("attributes")
    attributes = own.fields().found if own is not None else {}
    if container:
        walk.inherited.update(attributes)
        networks = fields.take("networks")
        if networks is not None and networks.value:
            walk.notes.append(f"{networks.document.place(networks.key)}: networks of {title}: not modelled")
    else:
        _component(item, fields, title, attributes, walk)
    _hoist(fields, title, x * y > 1, walk)
    for ignored in ("required_actions", "area_scale", "energy_scale", "area_share", "energy_share"):
        fields.take(ignored)
    fields.leave(walk.notes)


def _spatial(fields: Fields, count: int) -> tuple[int, int]:
    node = fields.take("spatial")
    if node is None:
        return count, 1
    if count > 1:
        raise node.fail("a range in the name and a spatial mesh: tell one of them")
    mesh = node.fields()
    x, y = mesh.take("meshX"), mesh.take("meshY")
    for entry in mesh.rest():
        raise entry.fail(f"unknown key {entry.name!r}; choices: meshX, meshY")
    return x.whole(1) if x is not None else 1, y.whole(1) if y is not None else 1


def _fan_out(item: Node, title: str, walk: _Walk) -> None:
    """The level that has the spatial loops of a node with a fan-out."""
    dummy: dict[str, Any] = {"width": 1, "depth": 1, "datawidth": 1}
    name = f"inter_{title}_spatial"
    attributes = Node(item.document, item.key, _with_mesh(dummy, walk)).fields()
    walk.levels.append(Level(item, name, _path(name, walk), "dummy_storage", _instances(walk), attributes))
    walk.fanouts[title] = name


def _with_mesh(attributes: dict[str, Any], walk: _Walk) -> dict[str, Any]:
    return {**attributes, "meshX": walk.mesh[0], "meshY": walk.mesh[1]}


def _instances(walk: _Walk) -> int:
    return walk.mesh[0] * walk.mesh[1]


def _path(name: str, walk: _Walk) -> str:
    return f"{walk.top or 'system'}_top_level.{name}[1..{_instances(walk)}]"


def _component(item: Node, fields: Fields, title: str, own: dict[str, Node], walk: _Walk) -> None:
    kind = fields.require("class").text()
    subclass = fields.take("subclass")
    more = (("subclass", subclass.text()),) if subclass is not None else ()
    if not is_storage(kind) and not is_compute(kind):
        walk.notes.append(
            f"{item.document.place(item.key)}: {title} ({kind}) is no memory and no multiplier: not modelled"
        )
        return
    attributes = Node(item.document, item.key, _with_mesh({}, walk)).fields()
    names = dict(walk.names)
    for name, entry in {**walk.inherited, **own}.items():
        value = entry if walk.literal else _evaluated(entry, names)
        names[name] = value.value
        if name not in ("meshX", "meshY", "version"):
            attributes.found[name] = value
    if is_storage(kind):
        attributes.found.setdefault("cluster_size", Node(item.document, item.key, 1))
    walk.levels.append(Level(item, title, _path(title, walk), kind, _instances(walk), attributes, more))


def _evaluated(entry: Node, names: dict[str, object]) -> Node:
    """An attribute whose text is an expression, with its value."""
    if not isinstance(entry.value, str):
        return entry
    value = evaluate(entry.value, names)
    return entry if value is None else Node(entry.document, entry.key, value)


def _hoist(fields: Fields, title: str, fans_out: bool, walk: _Walk) -> None:
    """Constraints and sparse optimisations of a node, as entries of lists."""
    constraints, sparse = fields.take("constraints"), fields.take("sparse_optimizations")
    if sparse is not None:
        walk.targets.append(Node(sparse.document, sparse.key, {**sparse.fields().node.value, "name": title}))
    if constraints is None:
        return
    entries = constraints.fields()
    for kind in _KINDS:
        told = entries.take(kind)
        if told is not None and told.value and (kind != "spatial" or fans_out):
            directive = {**told.fields().node.value, "type": kind, "target": title}
            walk.directives.append(Node(told.document, told.key, directive))
    for entry in entries.rest():
        walk.notes.append(
            f"{entry.document.place(entry.key)}: {title}: constraint {entry.name}: not modelled"
        )

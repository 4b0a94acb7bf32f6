"""Architectures of v0.2 and v0.3: a tree of containers with local components -> levels, outermost first.

A name with a range, ``PE[0..255]``, stands for that many; ranges multiply down the tree. Attributes of a container hold
for what is inside it unless told again.
"""

from __future__ import annotations

import re
from itertools import pairwise

from simulator.frontend.timeloop.levels import Level, compute, storage
from simulator.frontend.timeloop.node import Fields, Node, plain
from simulator.hardware.hierarchy import Compute, Hierarchy, Storage

STORAGE = ("DRAM", "SRAM", "regfile", "smartbuffer", "storage")
COMPUTE = ("mac", "intmac", "fpmac", "compute")
NETWORK = ("XY_NoC", "Legacy", "ReductionTree", "SimpleMulticast")
"""Classes by what their name contains, after Timeloop (include/model/topology.hpp at 4cf6d4c)."""
_NAME = re.compile(r"([A-Za-z_][\w.\-]*?)(?:\[(?:([0-9]{1,9})\.\.)?([0-9]{1,9})\])?\Z")
MOST = 1 << 32
"""More instances than any machine has."""


def read_tree(node: Node, notes: list[str]) -> Hierarchy:
    """Read ``architecture`` with a ``subtree``.

    Raises
    ------
    InputError
        No memory, not exactly one kind of multiplier, or a level that contradicts itself.
    """
    architecture = node.fields()
    architecture.take("version")
    name = architecture.take("name")
    levels: list[Level] = []
    title = _walk(architecture, "", 1, (), levels, notes)
    architecture.leave(notes)
    return hierarchy(node, name.text() if name is not None else title, levels, notes)


def hierarchy(node: Node, name: str, levels: list[Level], notes: list[str]) -> Hierarchy:
    """Memories and multipliers of levels in order.

    Raises
    ------
    InputError
        See :func:`read_tree`.
    """
    memories = [storage(level, notes) for level in levels if not is_compute(level.kind)]
    units = [compute(level, notes) for level in levels if is_compute(level.kind)]
    if not memories:
        raise node.fail(f"no memory; one of these words in its class makes one: {', '.join(STORAGE)}")
    if len(units) != 1:
        told = ", ".join(unit.name for unit in units) or "none"
        raise node.fail(
            f"exactly one level of multipliers, a class with one of {', '.join(COMPUTE)}; here: {told}"
        )
    names = [level.name for level in levels]
    for level in levels:
        if names.count(level.name) > 1:
            raise level.node.fail(f"two components are called {level.name!r}")
    _nested(levels, [*memories, units[0]])
    return Hierarchy(name, tuple(memories), units[0])


def _nested(levels: list[Level], built: list[Storage | Compute]) -> None:
    nodes = {level.name: level.node for level in levels}
    for outer, inner in pairwise(built):
        if inner.mesh_x % outer.mesh_x or inner.mesh_y % outer.mesh_y:
            raise nodes[inner.name].fail(
                f"a mesh of {inner.mesh_x} x {inner.mesh_y} below {outer.name!r} with {outer.mesh_x} x {outer.mesh_y}: each "
                "side must be a multiple"
            )


def is_compute(kind: str) -> bool:
    """Whether a class is one of multipliers."""
    return not is_storage(kind) and any(word in kind for word in COMPUTE)


def is_storage(kind: str) -> bool:
    """Whether a class is one of memories."""
    return any(word in kind for word in STORAGE)


def parts(node: Node) -> tuple[str, int]:
    """Name and number of a component: ``PE[0..255]`` is PE, 256."""
    match = _NAME.match(node.text())
    if match is None:
        raise node.fail(f"{node.text()!r} is not a name or a name with a range, such as PE[0..255]")
    name, first, last = match.groups()
    count = int(last) - int(first or 0) + 1 if last is not None else 1
    if count < 1:
        raise node.fail(f"the range of {node.text()!r} is empty")
    return name, count


def _walk(
    tree: Fields,
    path: str,
    instances: int,
    inherited: tuple[tuple[str, Node], ...],
    levels: list[Level],
    notes: list[str],
) -> str:
    """Collect the levels below a node, and the name of the outermost container."""
    below = tree.take("subtree")
    if below is None:
        return ""
    branches = below.items()
    if len(branches) != 1:
        raise below.fail(f"{len(branches)} subtrees side by side; one memory hierarchy has one at each place")
    branch = branches[0].fields()
    name_node = branch.require("name")
    name, count = parts(name_node)
    instances *= count
    if instances > MOST:
        raise name_node.fail(f"{instances} instances are more than any machine has")
    path = f"{path}.{name_node.text()}" if path else name_node.text()
    attributes = branch.take("attributes")
    if attributes is not None:
        inherited = (*inherited, *((n, entry) for n, entry in attributes.fields().found.items()))
    local = branch.take("local")
    for item in local.items() if local is not None else []:
        _component(item, path, instances, inherited, levels, notes)
    _walk(branch, path, instances, inherited, levels, notes)
    branch.leave(notes)
    return name


def _component(
    item: Node,
    path: str,
    instances: int,
    inherited: tuple[tuple[str, Node], ...],
    levels: list[Level],
    notes: list[str],
) -> None:
    fields = item.fields()
    name_node, kind = fields.require("name"), fields.require("class").text()
    name, count = parts(name_node)
    if not is_storage(kind) and not is_compute(kind):
        what = "a network" if any(word in kind for word in NETWORK) else "of an unknown class"
        notes.append(f"{item.document.place(item.key)}: {name} ({kind}) is {what}: not modelled")
        return
    own = fields.take("attributes")
    attributes = (own or Node(item.document, item.key, {})).fields()
    for entry, value in inherited:
        if entry not in attributes.found and entry != "version":
            attributes.found[entry] = value
    more = tuple((key, plain(node.value)) for key in ("subclass",) if (node := fields.take(key)) is not None)
    for ignored in ("required_actions", "enabled"):
        fields.take(ignored)
    fields.leave(notes)
    levels.append(Level(item, name, f"{path}.{name_node.text()}", kind, instances * count, attributes, more))

"""The way of a flow from its source to its destinations, as a tree of links.

Nodes are (row, column). A link is named by where it leads; the links of a flow form a tree, so every flit crosses each
of them once, and is copied where the tree branches::

    bus        one link for all, to all
    chain      node i to node i + 1 (and back), row after row; a flit is left at every destination it passes
    tree       the root, then the branch of a row, then the leaf of a column; a copy per row, then one per column
    crossbar   a port per destination, a copy per destination
    mesh       into the router of the source, along its row to the column (X), along the column to the row (Y), out of the router

Multicast on the mesh is the union of the XY ways to the destinations. It is a tree: two ways from one source that meet
again would have to turn into one column from two others, and XY enters a column from the source's row only. XY order (no turn
from Y to X) is free of deadlock: Dally and Seitz, Deadlock-Free Message Routing, IEEE Trans. Computers C-36, 1987.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Node = tuple[int, int]
"""(Row, column)."""

Steps = list[tuple[str, bool]]
"""Links to one destination in order, and whether a router is behind each."""


@dataclass(frozen=True)
class Hop:
    """A link as one flow crosses it.

    Attributes
    ----------
    link : str
    onward : tuple of str
        Links behind it that get a copy.
    here : tuple of Node
        Destinations at its end.
    """

    link: str
    onward: tuple[str, ...]
    here: tuple[Node, ...]


@dataclass(frozen=True)
class Route:
    """The tree of links of a flow.

    Attributes
    ----------
    source : Node
    destinations : tuple of Node
    entry : tuple of str
        Links the source itself feeds.
    hops : tuple of Hop
        Every link once, none before the one that leads to it.
    """

    source: Node
    destinations: tuple[Node, ...]
    entry: tuple[str, ...]
    hops: tuple[Hop, ...]


def route(kind: str, rows: int, columns: int, source: Node, destinations: Iterable[Node]) -> Route:
    """The way of a flow over a network of `rows` x `columns` nodes.

    Parameters
    ----------
    kind : str
        ``bus``, ``chain``, ``tree``, ``crossbar`` or ``mesh``.
    rows, columns : int
    source : Node
    destinations : iterable of Node
        At least one; the source may be among them.

    Raises
    ------
    ValueError
        A node outside, a destination twice or none at all.
    """
    wanted = tuple(destinations)
    for row, column in (source, *wanted):
        if not (0 <= row < rows and 0 <= column < columns):
            raise ValueError(f"node {(row, column)} is outside of {rows} x {columns} nodes")
    if len(set(wanted)) != len(wanted) or not wanted:
        raise ValueError(f"destinations {wanted}: each once, and at least one")
    way = WAYS[kind]
    return _joined(source, wanted, {node: way(columns, source, node) for node in wanted})


def _joined(source: Node, wanted: tuple[Node, ...], ways: Mapping[Node, list[str]]) -> Route:
    """The union of ways that share their beginnings."""
    onward: dict[str, dict[str, None]] = {}
    here: dict[str, list[Node]] = {}
    entry: dict[str, None] = {}
    for node, links in ways.items():
        entry[links[0]] = None
        for link in links:
            onward.setdefault(link, {})
            here.setdefault(link, [])
        for link, after in itertools.pairwise(links):
            onward[link][after] = None
        here[links[-1]].append(node)
    hops = tuple(Hop(link, tuple(onward[link]), tuple(here[link])) for link in onward)
    return Route(source, wanted, tuple(entry), hops)


def _name(node: Node) -> str:
    return f"r{node[0]}c{node[1]}"


def _bus(_: int, __: Node, ___: Node) -> list[str]:
    return ["bus"]


def _chain(columns: int, source: Node, node: Node) -> list[str]:
    first, last = (row * columns + column for row, column in (source, node))
    if first == last:
        return [f"{first}>{first}"]
    step = 1 if last > first else -1
    return [f"{i}>{i + step}" for i in range(first, last, step)]


def _tree(_: int, __: Node, node: Node) -> list[str]:
    return ["root", f"r{node[0]}", _name(node)]


def _crossbar(_: int, __: Node, node: Node) -> list[str]:
    return [_name(node)]


def _mesh(_: int, source: Node, node: Node) -> list[str]:
    visited = [source]
    for axis in (1, 0):
        while visited[-1][axis] != node[axis]:
            at = list(visited[-1])
            at[axis] += 1 if node[axis] > at[axis] else -1
            visited.append((at[0], at[1]))
    between = [f"{_name(a)}>{_name(b)}" for a, b in itertools.pairwise(visited)]
    return [f"{_name(source)}.in", *between, f"{_name(node)}.out"]


WAYS: dict[str, Callable[[int, Node, Node], list[str]]] = {
    "bus": _bus,
    "chain": _chain,
    "crossbar": _crossbar,
    "mesh": _mesh,
    "tree": _tree,
}
"""Links from a source to one destination, by kind of network."""

"""Our own section ``sparsecycle``: what a file of ours says that the format has no word for; see :mod:`.writing`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simulator.errors import suggest
from simulator.frontend.timeloop.node import Node
from simulator.hardware.hierarchy import Hierarchy


@dataclass
class Own:
    """The section.

    Attributes
    ----------
    name : str or None
        Of the point; None: after the file.
    hierarchy : str or None
        Name of the hierarchy; None: that of its outermost container.
    literal : bool
        Whether texts in attributes are texts and no expressions.
    fanout_levels : bool
        Whether fan-outs of nodes (v0.4) are levels of their own.
    merged_ranks : bool
        Whether the last rank of a format takes the loops that are left, instead of there being too few ranks.
    source : str
        Where the energies are from.
    paths : dict of str to str
        Paths of components.
    unmodelled : list of str
    """

    name: str | None = None
    hierarchy: str | None = None
    literal: bool = False
    fanout_levels: bool = True
    merged_ranks: bool = False
    source: str = ""
    paths: dict[str, str] = field(default_factory=dict)
    unmodelled: list[str] = field(default_factory=list)

    def with_paths(self, hierarchy: Hierarchy) -> Hierarchy:
        """The hierarchy with the name and the paths told here."""
        storage = tuple(replace(s, path=self.paths.get(s.name, s.path)) for s in hierarchy.storage)
        compute = hierarchy.compute
        return replace(
            hierarchy,
            name=self.hierarchy or hierarchy.name,
            storage=storage,
            compute=replace(compute, path=self.paths.get(compute.name, compute.path)),
        )


def read_own(node: Node | None) -> Own:
    """Read the section.

    Raises
    ------
    InputError
        An unknown key or a value of another kind.
    """
    if node is None:
        return Own()
    fields = node.fields()
    name, source, hierarchy = fields.take("name"), fields.take("source"), fields.take("hierarchy")
    literal, levels = fields.take("literal"), fields.take("fanout_levels")
    merged = fields.take("merged_ranks")
    paths, unmodelled = fields.take("paths"), fields.take("unmodelled")
    for entry in fields.rest():
        raise entry.fail(f"unknown key {entry.name!r}; {suggest(entry.name, fields.asked)}")
    return Own(
        name.text() if name is not None else None,
        hierarchy.text() if hierarchy is not None else None,
        literal is not None and literal.flag(),
        levels is None or levels.flag(),
        merged is not None and merged.flag(),
        source.text() if source is not None else "",
        {n: e.text() for n, e in paths.fields(exact=True).found.items()} if paths is not None else {},
        list(unmodelled.texts()) if unmodelled is not None else [],
    )

"""Files -> a design point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulator.errors import InfeasibleError
from simulator.frontend.timeloop.architecture import read_tree
from simulator.frontend.timeloop.cycles import with_cycles
from simulator.frontend.timeloop.energies import read_energies
from simulator.frontend.timeloop.mapping import read_mapping
from simulator.frontend.timeloop.node import Node
from simulator.frontend.timeloop.nodes import Flat, read_nodes
from simulator.frontend.timeloop.own import Own, read_own
from simulator.frontend.timeloop.problem import read_problem
from simulator.frontend.timeloop.sections import Sections, read_sections, sections_of
from simulator.frontend.timeloop.sparse import Places, read_features
from simulator.hardware.document import parse
from simulator.mapping.capacity import check_fit
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.ranks import unfit_formats
from simulator.workload.product import Product

Where = str | Path
_COMPLETED = ("permutation", "split", "keep", "bypass", "keep_only", "no_reuse", "no_link_transfer")


def load(
    path: Where | Sequence[Where], problem: str | None = None, mapping: str | None = None
) -> DesignPoint:
    """Read a specification of Timeloop or Sparseloop, v0.3 or v0.4.

    Parameters
    ----------
    path : str, Path or a list of them
        A file with all sections, the files that have them, or a folder; see :mod:`~simulator.frontend.timeloop.sections`.
    problem, mapping : str, optional
        Which file of a folder that has several: its name or how it begins.

    Returns
    -------
    DesignPoint
        What is not modelled is listed in it.

    Raises
    ------
    InputError
        Anything wrong with the files, with its place.
    InfeasibleError
        Tiles or spatial loops that do not fit.
    """
    return load_told(path, problem, mapping)[0]


def load_told(
    path: Where | Sequence[Where], problem: str | None = None, mapping: str | None = None
) -> tuple[DesignPoint, tuple[str, ...]]:
    """As :func:`load`, with which file each section was read from."""
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    wishes = {key: name for key, name in (("problem", problem), ("mapping", mapping)) if name is not None}
    where = ", ".join(str(one) for one in paths)
    sections = read_sections(paths, wishes)
    return build(sections, paths, where), tuple(sections.read)


def loads(text: str, name: str = "text") -> DesignPoint:
    """Read a specification from a text with all sections; see :func:`load`."""
    return build(sections_of(parse(text, name, foreign=True)), [Path(name)], name)


def build(sections: Sections, paths: Sequence[Path], where: str) -> DesignPoint:
    """A design point from sections."""
    own = read_own(sections.found.get("sparsecycle"))
    notes = [*own.unmodelled, *sections.notes]
    product, occupancy = read_problem(sections.require("problem", where), notes)
    flat = _architecture(sections, where, notes, own)
    hierarchy = own.with_paths(with_cycles(sections.found.get("cycles"), flat.hierarchy))
    mapping, directives = _directives(sections, flat, product, where)
    nest = read_mapping(mapping, directives, product, hierarchy, notes, flat.fanouts, flat.outer)
    targets = [*_targets(sections.found.get("sparse_optimizations"), notes), *flat.targets]
    places: Places = {}
    features = read_features(targets, product, hierarchy, notes, places)
    energies = read_energies(_table(sections, "ERT"), _table(sections, "ART"), hierarchy, notes)
    point = DesignPoint(
        own.name or _name(sections, paths),
        product,
        hierarchy,
        nest,
        features,
        occupancy,
        energies if own.name is None else replace(energies, source=own.source),
        tuple(dict.fromkeys(notes)),
    )
    _check(point, mapping, {} if own.merged_ranks else places)
    return point


def _check(point: DesignPoint, mapping: Node, places: Places) -> None:
    """Refuse formats with too few ranks where they are told, and tiles that do not fit at the mapping."""
    for level, tensor, message in unfit_formats(point) if places else ():
        raise places[level, tensor].fail(message)
    try:
        check_fit(point)
    except InfeasibleError as error:
        raise InfeasibleError(f"{mapping.document.place(mapping.key)}: {error}") from None


def _table(sections: Sections, name: str) -> Node | None:
    """A table, or its summary where there is only that."""
    return sections.found.get(name) or sections.found.get(f"{name}_summary")


def _architecture(sections: Sections, where: str, notes: list[str], own: Own) -> Flat:
    node = sections.require("architecture", where)
    if "nodes" in node.fields().found:
        return read_nodes(node, sections.found.get("variables"), notes, own.literal, own.fanout_levels)
    if "subtree" not in node.fields().found:
        raise node.fail("neither a 'subtree' (v0.2, v0.3) nor 'nodes' (v0.4); older formats are not read")
    return Flat(read_tree(node, notes), [], [], {})


def _directives(sections: Sections, flat: Flat, product: Product, where: str) -> tuple[Node, list[Node]]:
    """The mapping, completed by what the nodes themselves say of it."""
    if "mapping" not in sections.found and flat.directives:
        return sections.found["architecture"], _branched(flat.directives, flat, product)
    mapping = sections.require("mapping", where)
    if sections.searched:
        return mapping, mapping.items()
    directives = mapping.items()
    for told in flat.directives:
        own = [place for place, item in enumerate(directives) if _aim(item, flat) == _aim(told, flat)]
        for place in own:
            more = {key: told.value[key] for key in _COMPLETED if key in told.value}
            base = directives[place]
            directives[place] = Node(base.document, base.key, {**more, **base.value})
        if not own:
            directives.append(told)
    return mapping, _branched(directives, flat, product)


def _branched(directives: list[Node], flat: Flat, product: Product) -> list[Node]:
    """Let the components of a branch bypass what no component of the branch is told to keep."""
    found = list(directives)
    for branch in (branch for branches in flat.parallels for branch in branches):
        places = [
            p
            for p, item in enumerate(found)
            if _aim(item, flat)[1] == "dataspace" and _aim(item, flat)[0] in branch
        ]
        lists = [found[p].fields().take(key) for p in places for key in ("keep", "keep_only")]
        kept = {name for told in lists if told is not None for name in told.texts()}
        for place in places:
            item = found[place]
            told = item.fields().take("bypass")
            rest = {tensor.name for tensor in product.tensors} - kept
            bypass = sorted(rest | set(told.texts() if told is not None else ()))
            found[place] = Node(item.document, item.key, {**item.value, "bypass": bypass})
    return found


def _aim(item: Node, flat: Flat) -> tuple[str, str]:
    """Level and kind of a directive."""
    fields = item.fields()
    kind, target = fields.require("type").text(), fields.require("target").text()
    kind = "dataspace" if kind in ("bypass", "datatype") else kind
    return (flat.fanouts.get(target, target) if kind == "spatial" else target), kind


def _targets(node: Node | None, notes: list[str]) -> list[Node]:
    if node is None:
        return []
    fields = node.fields()
    fields.take("version")
    targets = fields.take("targets")
    fields.leave(notes)
    return targets.items() if targets is not None else []


def _name(sections: Sections, paths: Sequence[Path]) -> str:
    folder = next((path for path in paths if path.is_dir()), None)
    stem = folder.resolve().name if folder is not None else paths[0].stem
    problem = Path(sections.found["problem"].document.name).stem
    generic = problem in ("problem", "prob", "input", "parsed-processed-input", paths[0].stem)
    return stem if generic else f"{stem}/{problem}"

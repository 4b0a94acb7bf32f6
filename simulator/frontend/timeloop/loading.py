"""Files -> a design point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.frontend.timeloop.architecture import read_tree
from simulator.frontend.timeloop.cycles import with_cycles
from simulator.frontend.timeloop.energies import read_energies
from simulator.frontend.timeloop.mapping import read_mapping
from simulator.frontend.timeloop.node import Node
from simulator.frontend.timeloop.problem import read_problem
from simulator.frontend.timeloop.sections import Sections, read_sections
from simulator.frontend.timeloop.sparse import read_features
from simulator.mapping.design_point import DesignPoint

Where = str | Path


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
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    wishes = {key: name for key, name in (("problem", problem), ("mapping", mapping)) if name is not None}
    where = ", ".join(str(one) for one in paths)
    return build(read_sections(paths, wishes), paths, where)


def build(sections: Sections, paths: Sequence[Path], where: str) -> DesignPoint:
    """A design point from sections."""
    notes = list(sections.notes)
    product, occupancy = read_problem(sections.require("problem", where), notes)
    hierarchy = read_tree(sections.require("architecture", where), notes)
    hierarchy = with_cycles(sections.found.get("cycles"), hierarchy)
    nest = read_mapping(sections.require("mapping", where), product, hierarchy, notes)
    features = read_features(
        _targets(sections.found.get("sparse_optimizations"), notes), product, hierarchy, notes
    )
    energies = read_energies(sections.found.get("ERT"), sections.found.get("ART"), hierarchy, notes)
    return DesignPoint(
        _name(sections, paths),
        product,
        hierarchy,
        nest,
        features,
        occupancy,
        energies,
        tuple(dict.fromkeys(notes)),
    )


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
    generic = problem in ("problem", "prob", "input", paths[0].stem)
    return stem if generic else f"{stem}/{problem}"

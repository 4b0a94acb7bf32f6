"""The files of a specification, merged at their top level.

A specification is one file, several, or a folder. Of a folder, the files in it are read, then what Timeloop itself wrote there
(``*.map.yaml``, ``map.yaml``, ``timeloop-*``, ``parsed-processed-input.yaml``), then those of the folder above, each only for
sections that are missing so far. Files named one by one come before folders; where they lack an architecture, a problem or a
mapping, their folders are looked in too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import InputError
from simulator.frontend.timeloop.named import is_specification
from simulator.frontend.timeloop.node import Node
from simulator.frontend.timeloop.template import read_rendered
from simulator.hardware.document import Document

SECTIONS = (
    "architecture",
    "problem",
    "mapping",
    "sparse_optimizations",
    "ERT",
    "ART",
    "ERT_summary",
    "ART_summary",
    "variables",
    "cycles",
    "sparsecycle",
)
OTHERS = {
    "compound_components": "energies are read from an ERT",
    "components": "energies are read from an ERT",
    "mapper": "a mapping is given",
    "mapspace": "a mapping is given",
    "mapspace_constraints": "a mapping is given",
    "architecture_constraints": "a mapping is given",
    "constraints": "a mapping is given",
    "layout": "layouts are not modelled",
    "globals": "environment of the front end",
}
"""Sections that are not read, and why not."""
_OUTPUT = re.compile(r"(timeloop-|accelergy)|(\.map|parsed-processed-input)\.ya?ml$|^map\.ya?ml$")
_ROLE = re.compile(r"[._-]?(problem|prob|mapping|map|workload|layer)$")
_NEEDED = ("architecture", "problem", "mapping")
_ABOVE = 3
MOST_FILES = 200


@dataclass(frozen=True)
class Source:
    """A section in a file; rank 0 the file was named, 1 in the folder, 2 written by Timeloop, 3 and 4 the same above."""

    node: Node
    path: Path
    rank: int


@dataclass
class Sections:
    """What the files say.

    Attributes
    ----------
    found : dict of str to Node
        By name of the section, with underscores.
    read : list of str
        ``section: file``, for the user.
    notes : list of str
        What is not read.
    """

    found: dict[str, Node] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def searched(self) -> bool:
        """Whether the mapping is what a mapper wrote: constraints no longer count."""
        return bool(_OUTPUT.search(Path(self.found["mapping"].document.name).name))

    def require(self, name: str, where: str) -> Node:
        """A section that must be there."""
        if name not in self.found:
            raise InputError(f"{where}: no {name!r}; found: {', '.join(self.found) or 'nothing'}")
        return self.found[name]


def read_sections(paths: Sequence[Path], wishes: dict[str, str]) -> Sections:
    """Read files and folders.

    Parameters
    ----------
    paths : sequence of Path
    wishes : dict of str to str
        File (its name, or how it begins) a section is to be read from, where a folder has several.

    Raises
    ------
    InputError
        A file that cannot be read, a section found in several files of equal standing.
    """
    sections = Sections()
    sources: dict[str, list[Source]] = {}
    files = _files(paths)
    for path, rank in files:
        _read_file(path, rank, sources, sections)
    if not all(name in sources for name in _NEEDED):
        named = {path.parent for path, rank in files if rank == 0}
        for path, rank in _files(sorted(named)):
            if path.resolve() not in {known.resolve() for known, _ in files}:
                _read_file(path, rank, sources, sections)
    for name in sorted(sources, key=lambda name: SECTIONS.index(name)):
        candidates = _belonging(name, sources[name], sections)
        if not candidates:
            continue
        chosen = _choose(name, candidates, wishes, sections)
        sections.found[name] = chosen.node
        sections.read.append(f"{name}: {chosen.path}")
    for name in wishes:
        if name not in sources:
            raise InputError(f"no file has a section {name!r}")
    return sections


def _read_file(path: Path, rank: int, sources: dict[str, list[Source]], sections: Sections) -> None:
    """Note the sections of a file. One of the folder above that cannot be read is none of this specification."""
    try:
        document = _document(path)
    except InputError as error:
        if rank < _ABOVE:
            raise
        sections.notes.append(f"{str(error).splitlines()[0]}: not read")
        return
    if not isinstance(document.data, dict):
        if rank:
            return
        raise InputError(f"{document.name}: not a specification: no sections such as architecture or problem")
    standing = rank + (1 if _dumped(document) and rank % 2 else 0)
    for key, value in document.data.items():
        source = Source(Node(document, (key,), value), path, standing)
        _place(key.replace("-", "_"), source, sources, sections)


def sections_of(document: Document) -> Sections:
    """The sections of one text.

    Raises
    ------
    InputError
        It is not a mapping of sections, or told something twice.
    """
    if document.faults:
        raise InputError("\n".join(document.faults))
    if not isinstance(document.data, dict):
        raise InputError(f"{document.name}: not a specification: no sections such as architecture or problem")
    sections = Sections()
    sources: dict[str, list[Source]] = {}
    for key, value in document.data.items():
        source = Source(Node(document, (key,), value), Path(document.name), 0)
        _place(key.replace("-", "_"), source, sources, sections)
    for name, found in sources.items():
        sections.found[name] = found[0].node
    return sections


def _place(name: str, source: Source, sources: dict[str, list[Source]], sections: Sections) -> None:
    if name in SECTIONS:
        if source.node.value not in (None, [], {}):
            sources.setdefault(name, []).append(source)
    elif name in OTHERS:
        note = f"{source.node.document.name}: {name}: not read, {OTHERS[name]}"
        if source.node.value not in (None, [], {}) and source.rank < 2 and note not in sections.notes:
            sections.notes.append(note)
    elif name not in ("dumped_by_timeloop_front_end", "version") and source.rank < 2:
        sections.notes.append(f"{source.node.document.place(source.node.key)}: {name}: not modelled")


def _belonging(name: str, sources: list[Source], sections: Sections) -> list[Source]:
    """Without what the front end told again: its file counts as a whole, with its architecture."""
    architecture = sections.found.get("architecture")
    if name != "sparse_optimizations" or architecture is None:
        return sources
    return [s for s in sources if not _dumped(s.node.document) or s.node.document is architecture.document]


def _dumped(document: Document) -> bool:
    return bool(document.data.get("dumped_by_timeloop_front_end"))


def _choose(name: str, sources: list[Source], wishes: dict[str, str], sections: Sections) -> Source:
    if name in wishes:
        wish = Path(wishes[name]).name
        fitting = [s for s in sources if s.path.name == wish or s.path.stem == wish]
        fitting = fitting or [s for s in sources if s.path.name.startswith(wish)]
        if not fitting:
            known = ", ".join(sorted(source.path.name for source in sources))
            raise InputError(f"no file {wishes[name]!r} with a {name}; choices: {known}")
        sources = fitting
    if name == "mapping" and name not in wishes and _has_nodes(sections):
        searched = [s for s in sources if s.rank and _OUTPUT.search(s.path.name)]
        for other in (s for s in sources if searched and s not in searched and s.rank == 1):
            sections.notes.append(
                f"{other.path}: constraints of a search: the mapping it found is read instead"
            )
        sources = searched or sources
    nearest = [s for s in sources if s.rank == min(source.rank for source in sources)]
    if len(nearest) > 1 and name == "mapping" and "problem" in sections.found:
        stem = _ROLE.sub("", Path(sections.found["problem"].document.name).stem)
        nearest = [s for s in nearest if _ROLE.sub("", s.path.stem) == stem] or nearest
    if len(nearest) > 1:
        told = ", ".join(sorted(source.path.name for source in nearest))
        raise InputError(f"{nearest[0].path.parent}: several files have a {name}: {told}; name one")
    return nearest[0]


def _has_nodes(sections: Sections) -> bool:
    """Whether the architecture is one of v0.4, where a mapping is a list of constraints."""
    node = sections.found.get("architecture")
    return node is not None and isinstance(node.value, dict) and "nodes" in node.value


def _files(paths: Iterable[Path]) -> list[tuple[Path, int]]:
    """Files to read, each with its standing (see :class:`Source`)."""
    files: list[tuple[Path, int]] = []
    for path in paths:
        if not path.is_dir():
            files.append((path, 0))
            continue
        inside = _yaml_of(path)
        if not inside:
            raise InputError(f"{path}: no .yaml files")
        files += [(file, 2 if _OUTPUT.search(file.name) else 1) for file in inside]
        above = [file for file in _yaml_of(path.resolve().parent) if is_specification(file)]
        files += [(file, 4 if _OUTPUT.search(file.name) else 3) for file in above]
    seen: set[Path] = set()
    unique = []
    for file, rank in sorted(files, key=lambda entry: entry[1]):
        if file.resolve() not in seen:
            seen.add(file.resolve())
            unique.append((file, rank))
    return unique


def _yaml_of(folder: Path) -> list[Path]:
    try:
        found = sorted(f for f in folder.iterdir() if f.suffix in (".yaml", ".yml") and f.is_file())
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}") from None
    return found if len(found) <= MOST_FILES else []


def _document(path: Path) -> Document:
    document = read_rendered(path)
    if document.faults:
        raise InputError("\n".join(document.faults))
    return document

"""Results that Timeloop wrote, by the kind of the file."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError
from simulator.frontend.timeloop.results import read_stats
from simulator.frontend.timeloop.results_xml import read_xml
from simulator.mapping.design_point import DesignPoint
from simulator.record.estimate import Estimate


def read_results(path: str | Path, point: DesignPoint | None = None) -> Estimate:
    """Read results of a run of Timeloop or Sparseloop as an estimate of the model ``file``.

    Parameters
    ----------
    path : str or Path
        ``*stats.txt``, ``*.map+stats.xml``, or a folder with one of them (the text where it has both).
    point : DesignPoint, optional
        What was run; see :func:`~simulator.frontend.timeloop.results.read_stats`.

    Raises
    ------
    InputError
        No results there, several in a folder, or a file that cannot be understood.
    """
    path = Path(path)
    if path.is_dir():
        path = _inside(path)
    if path.suffix == ".xml":
        return read_xml(path, point)
    if path.suffix == ".txt":
        return read_stats(path, point)
    raise InputError(f"{path}: results are *stats.txt or *.map+stats.xml")


def _inside(folder: Path) -> Path:
    for pattern in ("*stats.txt", "*stats.xml"):
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            raise InputError(f"{folder}: several results: {', '.join(f.name for f in found)}; name one")
        if found:
            return found[0]
    raise InputError(f"{folder}: no *stats.txt and no *.map+stats.xml")

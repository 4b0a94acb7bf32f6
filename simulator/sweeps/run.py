"""Run a sweep: points from a specification, those not finished yet over processes or a cluster, and the table of all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.api.processes import jobs_of
from simulator.api.simulation import versions
from simulator.errors import InfeasibleError, InputError, suggest
from simulator.sweeps import pools, table
from simulator.sweeps.log import FILE, Log
from simulator.sweeps.points import Point, keyed, points_of
from simulator.sweeps.spec import read
from simulator.sweeps.work import Row

SCHEMA_VERSION = 1
TRACES = "traces"
Told = Callable[[Point, Sequence[Row], bool, int], None]
"""Called with a finished point, its rows, whether it was finished before, and how many points there are."""


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes
    ----------
    points : tuple of Point
    rows : tuple of dict
        The tidy table; every row has every column. ``exit_code`` is 0, or says with ``error`` why the point failed;
        ``pareto_front`` marks the rows that no other row of their workload beats on the axes.
    x, y : str
        The axes.
    """

    points: tuple[Point, ...]
    rows: tuple[Row, ...]
    x: str
    y: str

    def __repr__(self) -> str:
        told = f"{len(self.points)} points, {len(self.failed)} rows failed"
        return f"<Sweep: {told}, {len(self.front)} on the front of {self.x} and {self.y}>"

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows of points that failed."""
        return tuple(row for row in self.rows if row["exit_code"])

    @property
    def front(self) -> tuple[Row, ...]:
        """Rows on the Pareto front of their workload."""
        return tuple(row for row in self.rows if row["pareto_front"])

    @property
    def exit_code(self) -> int:
        """0 where every point has a result or was infeasible, else that of the first that failed otherwise."""
        bad = (int(row["exit_code"]) for row in self.rows)
        return next((code for code in bad if code not in (0, InfeasibleError.exit_code)), 0)

    def document(self) -> dict[str, Any]:
        """JSON-ready."""
        axes = {"x": self.x, "y": self.y}
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "sweep",
            "pareto": axes,
            "versions": versions(),
            "points": list(self.rows),
        }

    def save(self, folder: str | Path) -> None:
        """Write ``points.csv``, ``points.json`` and, where any point has a result, ``pareto.png`` to a folder."""
        from simulator.files import replaced
        from simulator.report.pareto import pareto

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        with replaced(target / "points.csv") as path:
            path.write_text(table.text(self.rows), encoding="utf-8")
        with replaced(target / "points.json") as path:
            path.write_text(
                json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
        panels = self._panels()
        if panels:
            pareto(panels, (self.x, self.y), target / "pareto.png")
        else:
            (target / "pareto.png").unlink(missing_ok=True)

    def _panels(self) -> dict[str, list[tuple[float, float, str, str, bool]]]:
        """Of each workload its rows: x, y, machine, what differs, on the front."""
        apart = ("machine", "trace", "layers")  # told by colour and panel
        names = [n for n in table.varied(self.rows) if n not in apart and not n.startswith("recipe.")]
        panels = {}
        for name, places in table.workloads(self.rows).items():
            told = [
                (row[self.x], row[self.y], str(row["machine"]), table.label(row, names), row["pareto_front"])
                for row in (self.rows[i] for i in places)
                if not row["exit_code"]
            ]
            if told:
                panels[name] = told
        return panels


def sweep(
    spec: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    jobs: int = 0,
    cluster: str | None = None,
    x: str | None = None,
    y: str | None = None,
    on_point: Told | None = None,
) -> Sweep:
    """Simulate every point of a specification.

    Parameters
    ----------
    spec : str, Path or mapping
        A YAML file (:mod:`simulator.sweeps.spec`), or what it would hold; files are looked for beside it, then as they are.
    out : str or Path
        Folder for the log of finished points, which a later call continues from, traces of recipes, and what :meth:`Sweep.save`
        writes. None: nothing is written.
    jobs : int
        Processes; 0: one per processor; 1: this process.
    cluster : str
        Address of a Dask scheduler whose workers simulate in their place, e.g. ``tcp://127.0.0.1:8786``.
    x, y : str
        Columns of the Pareto front, in place of those of the specification.
    on_point : callable
        See :data:`Told`.

    Returns
    -------
    Sweep

    Raises
    ------
    InputError
        The specification is wrong, or the folder or the cluster cannot be used; a point that fails raises nothing.
    WorkerError
        The cluster was lost.
    """
    told, document = read(spec)
    axes = (x or told.pareto.x, y or told.pareto.y)
    count = jobs_of(jobs)
    with tempfile.TemporaryDirectory(prefix="sparsecycle-") as scratch:
        made = Path(scratch) if out is None else Path(out) / TRACES
        points = keyed(points_of(told, document, made))
        if out is not None:
            _folder(Path(out))
        found: dict[int, Sequence[Row]] = {}
        with Log(None if out is None else Path(out) / FILE) as log:
            for point in points:
                rows = log.final(point.key)
                if rows is not None:
                    found[point.index] = rows
                    _tell(on_point, point, rows, True, len(points))
            left = [point for point in points if point.index not in found]
            _make([point for point in left if point.recipe])
            with closing(_finished(left, count, cluster)) as finished:
                for point, rows in finished:
                    log.add(point.key, rows)
                    found[point.index] = rows
                    _tell(on_point, point, rows, False, len(points))
    made_sweep = _sweep(points, found, axes)
    if out is not None:
        made_sweep.save(out)
    return made_sweep


def _sweep(points: list[Point], found: Mapping[int, Sequence[Row]], axes: tuple[str, str]) -> Sweep:
    rows = table.rows_of(points, found)
    ran = [row for row in rows if not row["exit_code"]]
    for name in axes:
        if ran and not all(isinstance(row.get(name), (int, float)) for row in ran):
            numbers = [
                n
                for n, value in ran[0].items()
                if isinstance(value, (int, float)) and n not in ("point", "exit_code")
            ]
            raise InputError(f"pareto: {name!r} is no column of numbers; {suggest(name, numbers)}")
    marks = table.front(rows, *axes)
    return Sweep(
        tuple(points),
        tuple({**row, "pareto_front": mark} for row, mark in zip(rows, marks, strict=True)),
        *axes,
    )


def _finished(points: Sequence[Point], jobs: int, cluster: str | None) -> Any:
    if not points:
        return pools.here(points)
    if cluster is not None:
        return pools.on_cluster(points, cluster)
    if jobs == 1:
        return pools.here(points)
    return pools.over_processes(points, jobs)


def _folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file, not a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written: {error.strerror}") from None


def _make(points: Sequence[Point]) -> None:
    """Make the traces of recipes that are not there, whole or not at all."""
    from simulator.workload.recipes import make

    for file, point in {point.trace_file: point for point in points}.items():
        if not os.path.exists(file):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            make(point.trace, file, point.options)


def _tell(on_point: Told | None, point: Point, rows: Sequence[Row], before: bool, of: int) -> None:
    if on_point is not None:
        on_point(point, rows, before, of)

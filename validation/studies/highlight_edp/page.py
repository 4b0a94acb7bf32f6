"""The tables of the study as text for its page."""

from __future__ import annotations

from collections.abc import Iterable

from validation import markdown
from validation.studies.highlight_edp.designs import DESIGNS, HIGHLIGHT, OTHERS
from validation.studies.highlight_edp.measure import Point, Table, Total, gain, relative

CELL = "Each cell: EDP over HighLight's, thousands of cycles, uJ."


def tables(table: Table) -> str:
    """Geometric means, then every point."""
    names = list(dict.fromkeys(point.workload for point in table))
    parts = ["## Geometric means", "", *markdown.table(_means(table, names)), "", "## Points", "", CELL, ""]
    for name in names:
        rows = [_heading(name), *(_cells(p, row) for p, row in table.items() if p.workload == name)]
        parts += [*markdown.table(rows), ""]
    return "\n".join(parts).rstrip("\n")


def _means(table: Table, names: list[str]) -> Iterable[tuple[str, ...]]:
    """Of every workload; of the first also by the zeros of the weights, without main memory, and the best point."""
    yield ("EDP over HighLight's", *(design.label for design in OTHERS))
    for name in names:
        rows = _of(table, name)
        yield (f"{name}, {len(rows)} points", *_gains(rows))
    first = names[0]
    for weights in dict.fromkeys(point.weights for point in table if point.workload == first):
        yield (f"{first}, weights {weights}% zero", *_gains(_of(table, first, weights)))
    yield (f"{first}, without the energy of DRAM", *_gains([_on_chip(row) for row in _of(table, first)]))
    yield (f"{first}, best point", *_best(_of(table, first)))


def _of(table: Table, name: str, weights: int | None = None) -> list[dict[str, Total]]:
    return [row for p, row in table.items() if p.workload == name and weights in (None, p.weights)]


def _on_chip(row: dict[str, Total]) -> dict[str, Total]:
    return {name: total.on_chip for name, total in row.items()}


def _gains(rows: list[dict[str, Total]]) -> list[str]:
    return [f"{gain(rows, design.name):.2f}x" for design in OTHERS]


def _best(rows: list[dict[str, Total]]) -> list[str]:
    return [f"{max(relative(row, d.name, HIGHLIGHT.name) for row in rows):.2f}x" for d in OTHERS]


def _heading(name: str) -> tuple[str, ...]:
    return (f"{name}: weights zero", "inputs zero", *(design.label for design in DESIGNS))


def _cells(point: Point, row: dict[str, Total]) -> tuple[str, ...]:
    return (
        f"{point.weights}%",
        f"{point.inputs}%",
        *(_cell(row[design.name], relative(row, design.name, HIGHLIGHT.name)) for design in DESIGNS),
    )


def _cell(total: Total, edp: float) -> str:
    return f"{edp:.2f} · {total.cycles / 1e3:,.0f} · {total.energy_pj / 1e6:,.0f}"

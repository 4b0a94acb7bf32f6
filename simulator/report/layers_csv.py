"""A result as comma-separated values: a row per layer, every column named with its unit."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from simulator.energy import edp_joule_seconds
from simulator.files import replaced
from simulator.record.result import LayerResult, Result
from simulator.report.pairs import pairs, ratio

Cell = str | int | float


def layers_csv(result: Result, baseline: Result | None, path: str | Path) -> None:
    """Write a CSV file, whole or not at all.

    Columns that only some layers have (a component, a tensor) are 0 elsewhere. With a baseline, its cycles and energy and the
    ratios follow; a ratio without a denominator is empty.

    Raises
    ------
    InputError
        A layer has no counterpart in the baseline, or the file cannot be written.
    """
    matched = pairs(result, baseline) if baseline is not None else [(layer, None) for layer in result.layers]
    rows = [_row(layer, other, result.clock_hz) for layer, other in matched]
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["layer"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with replaced(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _row(layer: LayerResult, other: LayerResult | None, clock_hz: int) -> dict[str, Cell]:
    row: dict[str, Cell] = {"layer": layer.name}
    row |= {f"{rank}_elements": size for rank, size in layer.shape.items()}
    row |= layer.choices
    row |= {"cycles": layer.cycles, "utilisation_ratio": layer.utilisation, "bound_name": layer.bound}
    if other is not None:
        row |= {"baseline_cycles": other.cycles, "speedup_ratio": _number(ratio(other.cycles, layer.cycles))}
    row |= {"energy_pj": layer.energy, "edp_pj_cycles": layer.edp}
    row["edp_joule_seconds"] = edp_joule_seconds(layer.energy, layer.cycles, clock_hz)
    if other is not None:
        row |= {
            "baseline_energy_pj": other.energy,
            "energy_gain_ratio": _number(ratio(other.energy, layer.energy)),
        }
    return row | _details(layer)


def _details(layer: LayerResult) -> dict[str, Cell]:
    row: dict[str, Cell] = {f"{name}_multiplications": count for name, count in layer.macs.items()}
    for tensor, (nonzeros, elements) in layer.nonzeros.items():
        row |= {f"{tensor}_nonzeros_elements": nonzeros, f"{tensor}_elements": elements}
    for component, tensors in layer.traffic.items():
        row |= {f"{component}_{tensor}_bytes": count for tensor, count in tensors.items()}
    for part in layer.components:
        row |= {f"{part.name}_{state}_cycles": n for state, n in part.intervals.totals().items()}
    for component, actions in layer.energy_pj.items():
        row[f"{component}_energy_pj"] = sum(actions.values())
    return row


def _number(value: float) -> Cell:
    return "" if math.isnan(value) else value

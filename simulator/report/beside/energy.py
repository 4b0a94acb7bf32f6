"""Where the energy goes on every machine, layer by layer, by component group: a column of bars each, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.errors import InputError
from simulator.record.result import LayerResult
from simulator.report.beside.labels import Labelled, rows_of, title
from simulator.report.colours import REST, SERIES, SOFT
from simulator.report.paper import current
from simulator.report.paper import width as page_width
from simulator.report.picture import picture
from simulator.report.rows import Rows
from simulator.report.words import digits, microjoule

_NOTE, _TOP, _OTHERS = 0.55, 1.3, "others"


def energy(results: Sequence[Labelled], path: str | Path) -> None:
    """Draw the energy of every layer of every result in microjoule.

    Raises
    ------
    InputError
        Nothing to draw, or the file cannot be written.
    """
    rows = Rows(rows_of(results))
    splits = [[_split(each.layer(name)) for name in rows.names] for each in results]
    totals: dict[str, float] = {}
    for row in (row for found in splits for row in found):
        for group, value in row.items():
            totals[group] = totals.get(group, 0.0) + value
    if not sum(totals.values()):
        raise InputError(f"{', '.join(each.label for each in results)}: no energy to draw")
    ranked = sorted((group for group in totals if totals[group]), key=lambda group: (-totals[group], group))
    kept, rest = ranked[: len(SERIES)], ranked[len(SERIES) :]
    most = max(sum(row.values()) for found in splits for row in found) / 1e6
    narrow = current().narrow  # no room for numbers
    pitch = (page_width() - rows.left) / len(results)
    with picture(path, _TOP + rows.height + 0.55) as page:
        page.head(
            title("Energy", results),
            "  ·  ".join(f"{x.label} {microjoule(x.result.energy)}" for x in results),
        )
        colours = dict(zip(kept, SERIES, strict=False)) | ({_OTHERS: REST} if rest else {})
        page.legend(0.62, colours)
        for i, (each, found) in enumerate(zip(results, splits, strict=True)):
            axes = rows.axes(
                page, rows.left + i * pitch, _TOP, pitch - (0.2 if narrow else _NOTE), named=i == 0
            )
            parts = [[row.get(group, 0.0) / 1e6 for row in found] for group in kept]
            parts.append([sum(row.get(group, 0.0) for group in rest) / 1e6 for row in found])
            rows.stack(axes, parts, [*SERIES[: len(kept)], REST])
            axes.set(xlim=(0, 1.02 * most), xlabel="energy (uJ)")
            axes.locator_params(axis="x", nbins=2 if narrow else 4)
            axes.set_title(each.label, loc="left", fontsize=9, fontweight="bold")
            if not narrow:
                sums = [sum(row.values()) / 1e6 for row in found]
                rows.notes(axes, sums, [digits(value) if value else "-" for value in sums], color=SOFT)
        page.description = " ".join(
            f"Energy of {each.label}: {microjoule(each.result.energy)}; "
            + ", ".join(f"{g} {microjoule(sum(row.get(g, 0.0) for row in found))}" for g in ranked)
            + "."
            for each, found in zip(results, splits, strict=True)
        )


def _split(layer: LayerResult | None) -> dict[str, float]:
    """Picojoules by component group."""
    found: dict[str, float] = {}
    if layer is not None:
        groups = {part.name: part.group for part in layer.components}
        for name, actions in layer.energy_pj.items():
            group = groups.get(name, name)
            found[group] = found.get(group, 0.0) + sum(actions.values())
    return found

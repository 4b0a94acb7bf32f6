"""A sample: its layers as a table, and as a picture of estimates with their intervals."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from simulator.files import replaced
from simulator.record.sample import NOTE, Interval, Sampled, SampledLayer
from simulator.report.colours import BLUE, INK, SOFT
from simulator.report.picture import WIDTH, picture

_ROW, _LEFT = 0.22, 2.4


def table(sampled: Sampled) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Columns and rows of text; the last row is the whole trace."""
    level = f"{100 * sampled.confidence:g}%"
    columns = [
        ("layer", False), ("simulated", False), ("estimated (cycles)", True), (f"{level} interval (cycles)", True),
        ("+- (%)", True), ("estimated (uJ)", True), ("+- (%) of energy", True),
    ]  # fmt: skip
    rows = [_row(layer.name, drawn(layer), sampled, [layer]) for layer in sampled.layers]
    rows.append(_row("total", f"{100 * sampled.simulated:.3g}% of MACs", sampled, list(sampled.layers)))
    return columns, rows


def drawn(layer: SampledLayer) -> str:
    """What was simulated of a layer, in words."""
    if layer.whole:
        return "whole"
    units = sum(len(group) for group in layer.groups)
    return f"{units} of {layer.units} tiles along {layer.rank}, {len(layer.groups)} groups"


def _row(name: str, told: str, sampled: Sampled, layers: list[SampledLayer]) -> list[str]:
    cycles, energy = sampled.of("cycles", layers), sampled.of("energy_pj", layers)
    span = f"{cycles.low:,.0f} .. {cycles.high:,.0f}" if cycles.high > cycles.low else "exact"
    row = [name, told, f"{cycles.value:,.0f}", span, f"{100 * cycles.relative:.2f}"]
    return [*row, f"{energy.value / 1e6:.3f}", f"{100 * energy.relative:.2f}"]


def sample_picture(sampled: Sampled, path: str | Path) -> None:
    """Draw the cycles of every layer, with intervals.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    layers = sampled.layers
    with picture(path, 1.5 + _ROW * len(layers)) as page:
        whole = sampled.cycles
        page.head(
            f"SAMPLED: {sampled.trace} on {sampled.machine}",
            f"{100 * sampled.simulated:.3g}% simulated  ·  {whole.value:,.0f} cycles, {100 * sampled.confidence:g}% interval "
            f"{whole.low:,.0f} .. {whole.high:,.0f}  ·  hollow: simulated whole",
        )
        axes = page.axes(_LEFT, 0.7, WIDTH - _LEFT - 0.3, _ROW * len(layers))
        for i, layer in enumerate(layers):
            _interval(_of(sampled, layer), i, bool(layer.whole), axes)
        axes.set(ylim=(len(layers) - 0.4, -0.6), xlabel="cycles", xlim=(0, None))
        axes.set_yticks(range(len(layers)), [layer.name[-36:] for layer in layers])
        axes.grid(axis="x", color="#EEEEEE", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.ticklabel_format(axis="x", style="plain")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        page.description = f"{NOTE}. " + " ".join(
            f"{layer.name}: {_of(sampled, layer).value:.0f} cycles." for layer in layers
        )


def _of(sampled: Sampled, layer: SampledLayer) -> Interval:
    return sampled.of("cycles", [layer])


def _interval(told: Interval, place: int, whole: bool, axes: Any) -> None:
    half = [[told.value - told.low], [told.high - told.value]]
    axes.errorbar(
        [told.value], [place], xerr=half, fmt="o", markersize=4.5, color=SOFT if whole else BLUE, ecolor=INK,
        elinewidth=0.9, capsize=2.5, markerfacecolor="white" if whole else BLUE,
    )  # fmt: skip


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sample: {title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }}
.note {{ background: #FFF3D6; border-left: 4px solid #E69F00; padding: .6rem 1rem; font-weight: 600 }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
td, th {{ padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums }}
pre {{ background: #f6f6f6; padding: 1rem; overflow-x: auto }}
tr:last-child td {{ border-top: 2px solid #666; font-weight: 600 }} dt {{ font-weight: 600 }}
</style></head><body>
<h1>{title}</h1><p class="note">{note}.</p><p>{below}</p>
<table><tr>{head}</tr>{rows}</table>
<h2>Layers that were simulated whole</h2>{whole}
<h2>Assumptions</h2><ul>{assumptions}</ul>
<h2>Configuration</h2><pre>{config}</pre></body></html>
"""


def page(sampled: Sampled, path: str | Path) -> None:
    """Write a sample as one self-contained HTML page.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    columns, rows = table(sampled)
    notes = dict.fromkeys(text for layer in sampled.layers for text in layer.assumptions)
    whole = [f"<dt>{_safe(x.name)}</dt><dd>{_safe(x.whole)}</dd>" for x in sampled.layers if x.whole]
    text = _PAGE.format(
        title=_safe(f"{sampled.trace} on {sampled.machine}"),
        note=NOTE,
        below=_safe(f"rung {sampled.rung}, seed {sampled.seed}, {sampled.fraction:g} of the tiles asked for"),
        head="".join(_cell("th", name, numeric) for name, numeric in columns),
        rows="".join(
            "<tr>" + "".join(_cell("td", c, n) for c, (_, n) in zip(row, columns, strict=True)) + "</tr>\n"
            for row in rows
        ),
        whole=f"<dl>{''.join(whole)}</dl>" if whole else "<p>none</p>",
        assumptions="".join(f"<li>{_safe(text)}</li>" for text in notes),
        config=_safe(sampled.config),
    )
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _cell(tag: str, text: str, numeric: bool) -> str:
    return f'<{tag} class="number">{_safe(text)}</{tag}>' if numeric else f"<{tag}>{_safe(text)}</{tag}>"


def _safe(text: str) -> str:
    return html.escape(text)

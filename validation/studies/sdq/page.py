"""The tables of the study as text for its page."""

from __future__ import annotations

from statistics import fmean, stdev

from validation import markdown
from validation.studies.sdq.measure import Row

LIMIT = 0.01
"""Largest rise of perplexity that counts as hardly any."""


def tables(rows: list[Row]) -> str:
    """Quality and storage, then speed."""
    seeds = len(rows[0].perplexity)
    quality = [("", "formula", "bits per weight", f"perplexity, {seeds} networks", "rise", "of each network")]
    speed = [("cycles of dense fp16 over its own", "formula", *rows[0].speedup)]
    for row in rows:
        spread = f" ± {stdev(row.perplexity):.3f}" if seeds > 1 else ""
        each = ", ".join(f"{rise:+.2%}" for rise in row.rise)
        throughput = f"{row.config.effective_throughput():.2f}x"
        bits = f"{row.config.bits_per_weight().total:.2f}"
        mean = f"{fmean(row.perplexity):.3f}{spread}"
        quality.append((f"`{row.config.name}`", throughput, bits, mean, f"{fmean(row.rise):+.2%}", each))
        speed.append(
            (f"`{row.config.name}`", throughput, *(f"{value:.2f}x" for value in row.speedup.values()))
        )
    best = reached(rows)
    told = (
        f"Largest formula throughput at a mean rise below {LIMIT:.0%}: {best.config.effective_throughput():.2f}x, "
        f"`{best.config.name}` ({fmean(best.rise):+.2%}; worst network {max(best.rise):+.2%})."
    )
    return "\n".join([*markdown.table(quality), "", told, "", *markdown.table(speed)])


def reached(rows: list[Row]) -> Row:
    """The configuration of the largest throughput whose mean rise is below the limit; of equal ones that of the least rise."""
    good = [row for row in rows if fmean(row.rise) < LIMIT]
    return max(good, key=lambda row: (row.config.effective_throughput(), -fmean(row.rise)))

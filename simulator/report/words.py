"""Numbers and names as a reader wants them."""

from __future__ import annotations

RUNGS = {
    "S0": "S0: totals, perfect overlap",
    "S1": "S1: balance",
    "S2": "S2: order, unlimited buffers",
    "S3": "S3: buffers",
    "S4": "S4: truth",
}


def count(number: int, noun: str) -> str:
    """``1 cycle``, ``12,345 cycles``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """``78 %``, with a decimal below ten percent."""
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def microjoule(energy_pj: float) -> str:
    """Energy with three significant digits."""
    value = energy_pj / 1e6
    return f"{value:,.0f} uJ" if value >= 99.95 else f"{value:.3g} uJ"

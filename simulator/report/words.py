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
    """``7.31 uJ``, ``1,234 uJ``."""
    return f"{digits(energy_pj / 1e6)} uJ"


def digits(value: float) -> str:
    """Three significant digits, all whole ones: ``0.119``, ``8.00``, ``15.8``, ``1,234``."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"

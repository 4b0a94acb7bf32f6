"""Colours told apart by colour-blind readers, and by everyone in print.

Source: Okabe and Ito, Color universal design, 2008 (https://jfly.uni-koeln.de/color/); greys are for what is not happening.
"""

from __future__ import annotations

BLUE, SKY, GREEN, YELLOW = "#0072B2", "#56B4E9", "#009E73", "#F0E442"
ORANGE, VERMILLION, PURPLE, BLACK = "#E69F00", "#D55E00", "#CC79A7", "#000000"
INK, SOFT, FAINT, PAPER = "#222222", "#666666", "#D9D9D9", "#FFFFFF"

STATE: dict[str, str] = {
    "busy": BLUE,
    "starved": ORANGE,
    "refill": YELLOW,
    "conflict": VERMILLION,
    "blocked": PURPLE,
    "drained": FAINT,
    "disabled": "#F4F4F4",
}
"""Colour of each state of a component."""

MEANING: dict[str, str] = {
    "busy": "busy",
    "starved": "starved: no data",
    "refill": "refill: no weights",
    "conflict": "conflict: port taken",
    "blocked": "blocked: no room",
    "drained": "drained: all done",
    "disabled": "disabled: no work",
}
"""What a legend says of each state."""

SERIES = (BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, YELLOW)
"""Colours of named quantities, largest first; what is left over is grey."""
REST = "#AAAAAA"

"""Statistics as Timeloop prints them: per instance, per memory and tensor, by the words of this project.

Both prints are read: the short one of dense models and the long one of sparse models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import InputError

_COUNT = re.compile(
    r"(?:(Algorithmic|Actual|Gated|Skipped) )?scalar (reads|fills|updates) \(per-instance\) *: (\d+)",
    re.IGNORECASE,
)
_FORMAT = re.compile(r"(Actual|Gated|Skipped) scalar format (reads|fills|updates) \(per-instance\)")
_RANK = re.compile(r"Rank (\d+) \(metadata, payload\): \((\d+), +(\d+)\)")
_COMPUTES = re.compile(r"(?:(Algorithmic|Actual|Gated|Skipped) )?Computes \(total\) *: (\d+)")
_ENERGY = re.compile(r"^ +(?:Leakage energy|Energy) \(total\) *: ([\d.]+) pJ")


@dataclass
class Reference:
    """What was printed.

    Attributes
    ----------
    cycles : int
    energy_pj : float
        Of memories and multipliers.
    computes : dict of str to float
        By state.
    counts : dict of str to dict of str to dict of str to float
        By memory, tensor and count (``actual reads``, ``actual format reads rank 0 metadata``); per instance.
    """

    cycles: int = 0
    energy_pj: float = 0.0
    computes: dict[str, float] = field(default_factory=dict)
    counts: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)


def read_reference(path: Path) -> Reference:
    """Read statistics.

    Raises
    ------
    InputError
        No number of cycles in the file.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    found = Reference()
    cycles = re.search(r"^Cycles: (\d+)$", text, re.MULTILINE)
    if cycles is None:
        raise InputError(f"{path}: has no line 'Cycles: <number>'")
    found.cycles = int(cycles[1])
    _levels(re.split(r"^Networks$", text, maxsplit=1, flags=re.MULTILINE)[0], found)
    return found


def _levels(text: str, found: Reference) -> None:
    level = kind = ""
    counts: dict[str, float] = {}
    for line in text.splitlines():
        if title := re.fullmatch(r"=== (\S+) ===", line):
            level = title[1]
        elif tensor := re.fullmatch(r" {4}(\w+):", line):
            counts = found.counts.setdefault(level, {}).setdefault(tensor[1], {})
        elif computes := _COMPUTES.search(line):
            found.computes[(computes[1] or "actual").lower()] = float(computes[2])
        elif energy := _ENERGY.match(line):
            found.energy_pj += float(energy[1])
        elif entries := _FORMAT.search(line):
            kind = f"{entries[1]} format {entries[2]}".lower()
        elif (rank := _RANK.search(line)) and kind:
            counts[f"{kind} rank {rank[1]} metadata"] = float(rank[2])
            counts[f"{kind} rank {rank[1]} payload"] = float(rank[3])
        elif count := _COUNT.search(line):
            counts[f"{(count[1] or 'actual').lower()} {count[2].lower()}"] = float(count[3])
        if line.strip() and not _FORMAT.search(line) and not _RANK.search(line):
            kind = ""

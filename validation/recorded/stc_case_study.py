"""Recorded cases of sparse tensor cores: shape and densities, the shared memory's bandwidth, cycles by level, operand vectors.

A case is a folder with ``input.yaml`` (all of a Timeloop v0.3 input), ``stats.txt`` and, if there is one, the mapping ``map.yaml``.
Source of the layout: the public Sparseloop MICRO 2022 artifact, set-up of figure 15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError
from validation.recorded.document import parsed

SHARED, LINES = "SMEM", "LRF"
"""Names of the shared memory and of a unit's operand registers."""


@dataclass(frozen=True)
class Problem:
    """A matrix product as a case describes it.

    Attributes
    ----------
    shape : (int, int, int)
        M, K and N.
    weights, inputs : Fraction
        Densities of A and of B.
    bandwidth : int or None
        Words of 8 b per cycle that the shared memory reads, None where it is not told.
    """

    shape: tuple[int, int, int]
    weights: Fraction
    inputs: Fraction
    bandwidth: int | None


def read_problem(path: Path) -> Problem:
    """Read an aggregated input.

    Raises
    ------
    InputError
        It does not tell M, K, N and the densities of A and B, or cannot be read.
    """
    try:
        body: Any = parsed(path.read_text(encoding="utf-8"))
        instance = body["problem"]["instance"]
        weights, inputs = (Fraction(str(instance["densities"][name]["density"])) for name in "AB")
        m, k, n = (int(instance[rank]) for rank in "MKN")
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: is no problem with M, K, N and densities of A and B: {error!r}") from None
    if min(m, k, n) < 1 or not all(0 < density <= 1 for density in (weights, inputs)):
        raise InputError(
            f"{path}: problem.instance: M, K and N must be at least 1, densities above 0 and at most 1"
        )
    found = [part.get("attributes") for part in _parts(body) if part.get("name") == SHARED]
    told = found[0].get("read_bandwidth") if found and isinstance(found[0], dict) else None
    return Problem((m, k, n), weights, inputs, told if isinstance(told, int) and told > 0 else None)


def _parts(body: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, at any depth."""
    if isinstance(body, dict):
        yield body
    for below in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _parts(below)


def read_cycles(path: Path) -> int:
    """Cycles of the whole run.

    Raises
    ------
    InputError
        No number of cycles in the file.
    """
    found = re.search(r"^Cycles: (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise InputError(f"{path}: has no line 'Cycles: <number>'")
    return int(found[1])


def throttled(path: Path) -> bool:
    """Whether the statistics say that the shared memory sets the pace: its cycles are those of the run, the multipliers' fewer."""
    levels: dict[str, int] = {}
    level = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if title := re.fullmatch(r"=== (\S+) ===", line):
            level = title[1]
        elif cycles := re.fullmatch(r" +Cycles *: (\d+)", line):
            levels.setdefault(level, int(cycles[1]))
    return "MAC" in levels and levels.get(SHARED) == read_cycles(path) > levels["MAC"]


def read_vectors(path: Path) -> tuple[int, int] | None:
    """Operand vectors a unit holds of A and of B, None where no mapping tells them."""
    try:
        entries: Any = parsed(path.read_text(encoding="utf-8"))["mapping"]
    except FileNotFoundError:
        return None
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: is no mapping: {error!r}") from None
    for entry in entries:
        if entry.get("target") == LINES and entry.get("type") == "temporal":
            factors = dict(re.findall(r"([A-Z])=?(\d+)", str(entry.get("factors"))))
            return int(factors.get("M", 1)), int(factors.get("N", 1))
    return None

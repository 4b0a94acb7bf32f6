"""Machines whose inputs are structured too: what a window is when both operands decide, counted block by block.

See docs/machines/s2ta.md and docs/machines/highlight_dsso.md; nothing here calls the lowering or a datapath.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.hardware import Machine


@dataclass(frozen=True)
class Window:
    """A step of a row.

    Attributes
    ----------
    name : str
        Format of the inputs.
    dense : bool
        The inputs satisfy no more than density 1 and stay uncompressed.
    window, cycles : int
        Coordinates of K, cycles.
    values, places : int
        Input values of a column, and bits that say where they belong.
    weights, offsets : int
        Weights a row keeps, and bits that say where they belong.
    issued, shown : int
        Multiplications of a row; blocks chosen by number.
    """

    name: str
    dense: bool
    window: int
    cycles: int
    values: int
    places: int
    weights: int
    offsets: int
    issued: int
    shown: int


def structured(machine: Machine, pattern: str, inputs: list[np.ndarray[Any, Any]]) -> Window:
    """The window of a layer whose weights run as `pattern`."""
    kept, length = (int(number) for number in pattern.split(":"))
    array = machine.components.array
    lanes = array.pes.value * array.macs.value
    allowed = _numbers(machine.datapath.streamed)
    if machine.datapath.kind == "density_bound":
        most = max(_fullest(column, 8) for group in inputs for column in group.T)
        bound = min(g for g in allowed if g >= most)
        blocks = lanes if length == 8 else lanes // 2
        offsets = lanes * 8 if length == 8 else 0
        return Window(
            "density_bound",
            bound == 8,
            blocks * 8,
            bound,
            blocks * bound,
            blocks * 8,
            lanes * kept,
            offsets,
            lanes * bound,
            0,
        )
    fits = [h for h in allowed if all(_two(column, h) for group in inputs for column in group.T)]
    h = max(fits)
    groups = 2 if length == 4 else 1  # dense weights share a block of inputs between two PEs
    weights = 4 * groups * h * kept // length
    offsets = weights * len(f"{length - 1:b}") if kept < length else 0
    number = len(f"{h - 1:b}")
    return Window(
        "block_list",
        h == 2,
        4 * groups * h,
        1,
        8 * groups,
        2 * groups * number,
        weights,
        offsets,
        lanes,
        2 * groups,
    )


def _numbers(family: str) -> list[int]:
    """The numbers of the only set in a family, e.g. {1..5,8}."""
    found = re.search(r"\{([^}]*)\}", family)
    assert found is not None
    numbers: list[int] = []
    for part in found[1].split(","):
        low, _, high = part.partition("..")
        numbers += range(int(low), int(high or low) + 1)
    return numbers


def _fullest(column: np.ndarray[Any, Any], block: int) -> int:
    """Most non-zeros of a block."""
    return max((sum(map(bool, column[k : k + block])) for k in range(0, len(column), block)), default=0)


def _two(column: np.ndarray[Any, Any], h: int) -> bool:
    """Whether at most two of every `h` blocks of 4 hold a non-zero."""
    for start in range(0, len(column), 4 * h):
        blocks = [
            any(column[k : min(k + 4, start + 4 * h)])
            for k in range(start, min(len(column), start + 4 * h), 4)
        ]
        if sum(blocks) > 2:
            return False
    return True

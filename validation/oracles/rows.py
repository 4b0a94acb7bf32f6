"""Rows of weights that run at an N of their own: who takes how many multipliers, and where a tile ends, row by row.

See docs/machines/vegeta.md; nothing here calls the lowering or a datapath.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.hardware import Machine


@dataclass(frozen=True)
class Packing:
    """Rows in the order they run.

    Attributes
    ----------
    window : int
        Coordinates of K of a step.
    order : list of list of int
        Per group, the row at each place.
    slots, offsets : list of int
        Multipliers and metadata bits per window of the row at each place.
    cuts : tuple of int
        First place of every tile, and the number of rows.
    """

    window: int
    order: list[list[int]]
    slots: list[int]
    offsets: list[int]
    cuts: tuple[int, ...]


def packing(machine: Machine, weights: list[np.ndarray[Any, Any]], multipliers: int) -> Packing:
    """Rows of all groups, and tiles of so many multipliers."""
    menu, length = _menu(machine.datapath.weights)
    window = machine.datapath.window.value
    needs = [[_needed(row, menu, length) for row in group] for group in weights]
    order = [[row for n in reversed(menu) for row, need in enumerate(each) if need == n] for each in needs]
    places = range(len(order[0]))
    kept = [max(need[rows[i]] for need, rows in zip(needs, order, strict=True)) for i in places]
    slots = [n * window // length for n in kept]
    word = 8 * machine.components.glb.metadata_word.value
    least = machine.datapath.offsets.least.value
    width = min(w for w in range(least, word + 1) if word % w == 0 and 2**w >= length)
    offsets = [0 if n == length else width * size for n, size in zip(kept, slots, strict=True)]
    cuts, room = [0], multipliers
    for place in places:
        if slots[place] > room:
            cuts.append(place)
            room = multipliers
        room -= slots[place]
    return Packing(window, order, slots, offsets, (*cuts, len(slots)))


def _menu(family: str) -> tuple[list[int], int]:
    found = re.fullmatch(r"\{([\d,]+)\}:(\d+)", family)
    assert found is not None
    return sorted(int(n) for n in found[1].split(",")), int(found[2])


def _needed(row: np.ndarray[Any, Any], menu: list[int], length: int) -> int:
    """The least N of the menu for every block of the row."""
    fullest = 0
    for start in range(0, len(row), length):
        fullest = max(fullest, sum(bool(value) for value in row[start : start + length]))
    return next(n for n in menu if n >= fullest)

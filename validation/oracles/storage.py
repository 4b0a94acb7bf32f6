"""Operands as strings of bits: windows encoded by hand, one after the other, cut into aligned rows.

A window of H1 blocks of H0 values in the compressed form is, in this order: the number of non-empty blocks;
per non-empty block its number and the number of values up to its end; per value its place in the block. Every
field is as wide as its largest value needs. Source: simulator/sparsity/formats/coordinate_payload.py.
"""

from __future__ import annotations

from collections.abc import Sequence


def field(value: int, largest: int) -> str:
    """A number in as many bits as `largest` needs."""
    digits = f"{largest:b}" if largest else ""
    return f"{value:b}".rjust(len(digits), "0") if digits else ""


def encode(window: Sequence[bool], h1: int, h0: int, value_bits: int) -> tuple[str, str]:
    """(Data, metadata) of a window of at most h1 * h0 values; what is missing at its end is zero."""
    padded = [*window, *[False] * (h1 * h0 - len(window))]
    blocks = [padded[b * h0 : (b + 1) * h0] for b in range(h1)]
    full = [b for b in range(h1) if any(blocks[b])]
    metadata = field(len(full), h1)
    data, seen = "", 0
    for b in full:
        for j in range(h0):
            if blocks[b][j]:
                seen += 1
                data += "v" * value_bits
                metadata += field(j, h0 - 1)
        metadata += field(b, h1 - 1) + field(seen, h1 * h0)
    return data, metadata


class Rows:
    """A stream written bit by bit into rows, and how many rows each step touches first and leaves behind.

    Attributes
    ----------
    touched, left : list of int
        Per step.
    bits : int
    """

    def __init__(self, steps: Sequence[int], row: int) -> None:
        self.touched = [0] * len(steps)
        self.left = [0] * len(steps)
        stream = [step for step, bits in enumerate(steps) for _ in range(bits)]
        if not stream:
            stream = [len(steps) - 1]  # an empty stream still asks for a row, in its last step
        self.bits = len(stream)
        for start in range(0, self.bits, row):
            here = stream[start : start + row]
            self.touched[here[0]] += 1
            self.left[here[-1] if len(here) == row else len(steps) - 1] += 1

    @property
    def rows(self) -> int:
        """Rows in all."""
        return sum(self.touched)


def units(bits: int, unit: int) -> int:
    """Units of `unit` bits that `bits` bits occupy."""
    count = 0
    while count * unit < bits:
        count += 1
    return count

"""The machines compared, and what each is given where a part of an operand is to be zero.

Every machine runs operands pruned to a pattern it supports, at the same share of zeros (Wu et al., HighLight, MICRO 2023, arXiv
2305.12718, as its evaluation is described). Where a machine supports no pattern of so many zeros, it gets one that has
them and satisfies a pattern it supports: 1:4 is a 2:4, 2:8 a 4:8, and 6:8 a dense operand.
"""

from __future__ import annotations

from dataclasses import dataclass

WEIGHTS, INPUTS = (0, 50, 75), (0, 25, 50, 75)
"""Zeros of each operand, in percent."""

ANYWHERE = {0: "dense", 25: "unstructured(3/4)", 50: "unstructured(1/2)", 75: "unstructured(1/4)"}


@dataclass(frozen=True)
class Design:
    """A machine of hwconfigs/ and its operands.

    Attributes
    ----------
    name, label : str
        Of the machine, and as the papers write it.
    weights, inputs : dict of int to str
        Pattern by percentage of zeros.
    """

    name: str
    label: str
    weights: dict[int, str]
    inputs: dict[int, str]


TC = Design("tc", "TC", dict.fromkeys(WEIGHTS, "dense"), ANYWHERE)
STC = Design("stc", "STC", {0: "dense", 50: "2:4", 75: "1:4"}, ANYWHERE)
DSTC = Design("dstc", "DSTC", ANYWHERE, ANYWHERE)
S2TA = Design(
    "s2ta", "S2TA", {0: "dense", 50: "4:8", 75: "2:8"}, {0: "dense", 25: "6:8", 50: "4:8", 75: "2:8"}
)
HIGHLIGHT = Design(
    "highlight", "HighLight", {0: "dense", 50: "C1(4:4)->C0(2:4)", 75: "C1(4:8)->C0(2:4)"}, ANYWHERE
)
DESIGNS = (TC, STC, DSTC, S2TA, HIGHLIGHT)
OTHERS = DESIGNS[:-1]

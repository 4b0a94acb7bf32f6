"""Formats: how the non-zeros of a tensor are stored, and in how many bits."""

from __future__ import annotations

from typing import cast

from simulator import registry
from simulator.errors import InputError
from simulator.sparsity.formats.bitmask import Bitmask
from simulator.sparsity.formats.block_list import BlockList
from simulator.sparsity.formats.coordinate_payload import CoordinatePayload
from simulator.sparsity.formats.csc import Csc
from simulator.sparsity.formats.density_bound import DensityBound
from simulator.sparsity.formats.format import Encoded, Format, FormatBits, MetadataArray
from simulator.sparsity.formats.hss_operand import HssOperand, decode_hss, encode_hss
from simulator.sparsity.formats.run_length import RunLength
from simulator.sparsity.formats.scaled import Scaled
from simulator.sparsity.formats.uncompressed import Uncompressed

__all__ = [
    "Bitmask",
    "BlockList",
    "CoordinatePayload",
    "Csc",
    "DensityBound",
    "Encoded",
    "Format",
    "FormatBits",
    "HssOperand",
    "MetadataArray",
    "RunLength",
    "Scaled",
    "Uncompressed",
    "decode_hss",
    "encode_hss",
    "resolve",
]


def resolve(name: str, lengths: tuple[int, ...] = ()) -> Format:
    """The format called `name`; `lengths` are those of ``coordinate_payload``, highest rank first.

    Raises
    ------
    InputError
        No such format, lengths missing where they are needed, or given where they are not.
    """
    kind = registry.resolve("format", name)
    if (kind is CoordinatePayload) != bool(lengths):
        rule = "needs the length of each rank" if kind is CoordinatePayload else "has no ranks"
        raise InputError(f"format {name!r} {rule}, not {lengths}")
    return cast(Format, kind(lengths) if lengths else kind())

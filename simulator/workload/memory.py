"""What a machine can hold: sizes that files and options claim are held against it before memory is taken."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable

from simulator.errors import InputError

DRAWING = 4
"""Bytes that drawing one element of a mask takes, a copy for the trace included (measured: below 3)."""
UNKNOWN = 8 << 30
"""Bytes of a machine that does not say how many it has."""


def capacity() -> int:
    """Bytes a process may take: of the machine, or of its limit on address space where that is lower."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on every system
        return UNKNOWN
    try:
        import resource
    except ImportError:
        return found
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return found if soft == resource.RLIM_INFINITY else min(found, soft)


def affordable(place: str, shape: Iterable[int], bytes_each: int) -> None:
    """Nothing, when an array fits into half of what a process may take.

    Parameters
    ----------
    place : str
        What the message begins with.
    shape : iterable of int
    bytes_each : int
        Per element, all copies together.

    Raises
    ------
    InputError
        It does not fit.
    """
    sizes = tuple(shape)
    needed, most = math.prod(sizes) * bytes_each, capacity() // 2
    if needed > most:
        raise InputError(
            f"{place}: shape {sizes} takes {needed / 2**30:,.1f} GiB: at most {most / 2**30:,.1f} GiB, half of the memory there is"
        )

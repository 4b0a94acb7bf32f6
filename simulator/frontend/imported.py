"""What reading a file of another tool gives: a trace, and what of the file it does not say."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.workload.model import Trace


@dataclass(frozen=True)
class Imported:
    """A trace read from elsewhere.

    Attributes
    ----------
    trace : Trace
    notes : tuple of str
        What was not understood, or was decided for the file: each with its place. Empty: everything was read as it is.
    """

    trace: Trace
    notes: tuple[str, ...] = ()

"""One family of errors, each with one clear message and an exit code.

A message says where (``file:line:column: path.to.key``), the value, the rule it breaks and the choices.
The command line prints the message and exits with :attr:`SimulatorError.exit_code`; no traceback is shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SimulatorError(Exception):
    """Base of every error a user can cause or meet; never raised itself."""

    exit_code = 1


class InputError(SimulatorError):
    """A file, value or argument is wrong (exit code 2)."""

    exit_code = 2


class UnitError(InputError):
    """A quantity is missing its unit, or has one of the wrong dimension (exit code 2)."""


class InfeasibleError(SimulatorError):
    """The inputs are well formed but the machine cannot run them, e.g. a tile that does not fit (exit code 4)."""

    exit_code = 4


class DeadlockError(SimulatorError):
    """No component can progress while work remains (exit code 5).

    Parameters
    ----------
    cycle : int
        Cycle of the last departure, -1 when nothing ever departed.
    waits : tuple of str
        One line per waiting program, in plan order: who waits for what from whom.
    """

    exit_code = 5

    def __init__(self, cycle: int, waits: tuple[str, ...]) -> None:
        self.cycle = cycle
        self.waits = waits
        super().__init__(f"deadlock after cycle {cycle}: " + "; ".join(waits))

    def __reduce__(self) -> tuple[type[DeadlockError], tuple[int, tuple[str, ...]]]:
        """As another process raised it."""
        return DeadlockError, (self.cycle, self.waits)


class WorkerError(SimulatorError):
    """A process that simulated layers ended by itself, mostly for want of memory (exit code 1)."""


def suggest(name: str, choices: Iterable[str]) -> str:
    """Say the nearest of `choices` to a misspelt `name`, and the choices themselves."""
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}choices: {', '.join(known)}"

"""What a component can be doing in a cycle: busy, or stalled for exactly one reason."""

from __future__ import annotations

from enum import StrEnum


class StallReason(StrEnum):
    """Why a component is not busy, in order of precedence; a closed set.

    A starved component waits for a token that has not arrived; `refill` is the same on a channel marked stationary.
    `conflict`: the item could run but another program has the port. `blocked`: there is no room for the output.
    `drained`: all items are done. `disabled`: there never was one.
    """

    STARVED = "starved"
    REFILL = "refill"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    DRAINED = "drained"
    DISABLED = "disabled"


STATES: tuple[str, ...] = ("busy", *(reason.value for reason in StallReason))
"""Names of the states; a state is an index into this tuple everywhere inside the engines."""

BUSY, STARVED, REFILL, CONFLICT, BLOCKED, DRAINED, DISABLED = range(len(STATES))

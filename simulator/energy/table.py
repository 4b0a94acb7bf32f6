"""Energy of a run from what it did.

    E(action) = count(action) x energy per action

in pJ, one product per action, in sorted order of the names, so that equal counts give equal floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.errors import InputError, suggest


@dataclass(frozen=True)
class Row:
    """Energy of one action.

    Attributes
    ----------
    action : str
    energy_pj : float
        Energy of one action in pJ.
    per : str
        What one action is, e.g. ``one 512 b data row``.
    node : str
        Technology node, e.g. ``45 nm``.
    origin : str
        Where the number was read, or how it was chosen.
    assumed : bool
        Whether it was chosen rather than read.
    """

    action: str
    energy_pj: float
    per: str
    node: str
    origin: str
    assumed: bool


@dataclass(frozen=True)
class Table:
    """Energy per action of one technology.

    Attributes
    ----------
    name, description : str
    rows : dict of str to Row
        By action, in the order of the file.
    """

    name: str
    description: str
    rows: dict[str, Row]

    def with_rows(self, rows: Mapping[str, Row]) -> Table:
        """The table with rows for actions it has none for."""
        return Table(
            self.name,
            self.description,
            {**self.rows, **{a: r for a, r in rows.items() if a not in self.rows}},
        )

    def energy_pj(self, actions: Mapping[str, int]) -> dict[str, float]:
        """Energy of action counts in pJ, per action, in sorted order.

        Raises
        ------
        InputError
            An action has no row, or a negative count.
        """
        for action, count in actions.items():
            if action not in self.rows:
                raise InputError(
                    f"energy table {self.name!r} has no row for action {action!r}; {suggest(action, self.rows)}"
                )
            if count < 0:
                raise InputError(f"action {action!r}: count {count}: must not be negative")
        return {action: actions[action] * self.rows[action].energy_pj for action in sorted(actions)}

"""Requests of a component to a memory, as text: a line ``cycle R|W address`` per grant, in the order of grants.

The cycle is that of the grant, the layers of a run one after the other; the address is in bytes, written in hexadecimal, and
begins anew with every layer.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from simulator.errors import InputError


class RequestFile:
    """Writes requests as they are told.

    Parameters
    ----------
    path : Path
    component : str
        Whose requests they are.

    Raises
    ------
    InputError
        The file cannot be written.
    """

    def __init__(self, path: Path, component: str) -> None:
        self.path, self.component = path, component
        self._before = 0
        try:
            self._file: TextIO = path.open("w", encoding="ascii")
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None

    def __call__(self, cycle: int, write: bool, address: int) -> None:
        """One grant."""
        self._file.write(f"{self._before + cycle} {'W' if write else 'R'} 0x{address:x}\n")

    def next_layer(self, cycles: int) -> None:
        """A layer of so many cycles is over; the next begins behind it."""
        self._before += cycles

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

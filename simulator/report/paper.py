"""How wide a picture is: for a screen, or for one or two columns of a paper.

A picture is laid out in inches of its layout, then everything in it shrinks by ``scale`` at once: texts of 8 to 9 points come out
at 6.4 to 7.7 points. On paper there is no title: a caption says what it says.

Source of the widths: IEEE Author Center, Size Requirements for Graphics: 3.5 inches for one column, 7.16 for two
(http://ieeeauthorcenter.ieee.org/create-your-ieee-article/create-graphics-for-your-article/size-requirements-for-graphics/).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from simulator.errors import InputError, suggest


@dataclass(frozen=True)
class Format:
    """A width.

    Attributes
    ----------
    inches, layout : float
        Width of the file, and what it is laid out in.
    paper : bool
        Without a title.
    """

    inches: float
    layout: float
    paper: bool

    @property
    def scale(self) -> float:
        """How much everything shrinks."""
        return self.inches / self.layout

    @property
    def narrow(self) -> bool:
        """Too narrow for things beside one another."""
        return self.layout < 6


FORMATS = {
    "screen": Format(9.0, 9.0, False),
    "double": Format(7.16, 8.4, True),
    "single": Format(3.5, 4.35, True),
}
_current: ContextVar[Format] = ContextVar("format", default=FORMATS["screen"])


@contextmanager
def sized(name: str) -> Iterator[None]:
    """Pictures drawn meanwhile are for ``screen``, ``double`` or ``single``.

    Raises
    ------
    InputError
        Another name.
    """
    if name not in FORMATS:
        raise InputError(f"width {name!r}: no such width; {suggest(name, FORMATS)}")
    token = _current.set(FORMATS[name])
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Format:
    """The width of pictures drawn now."""
    return _current.get()


def width() -> float:
    """Inches of the layout from left to right."""
    return current().layout

"""What a machine description fixes of its mapping; :mod:`simulator.mapping` chooses the rest."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from simulator.hardware.quantity import Count
from simulator.hardware.specification import Specification

RANKS = ("M", "N", "K")
AUTO = "auto"


class TileSize(Count):
    """Elements of a rank in a tile."""

    maximum = 2**40


def _or_auto(size: Any) -> Any:
    if isinstance(size, dict):
        return size
    if isinstance(size, str) and size == AUTO:
        return None
    raise ValueError(f"must be {AUTO!r} or a quantity such as {{value: 64, assumed: why}}")


Size = Annotated[TileSize | None, BeforeValidator(_or_auto)]


class Tile(Specification):
    """Sizes of the tiles held in the global buffer, in elements of each rank, or ``auto``."""

    M: Size
    N: Size
    K: Size

    def __getitem__(self, rank: str) -> int | None:
        size = {"M": self.M, "N": self.N, "K": self.K}[rank]
        return None if size is None else size.value


class Mapping(Specification):
    """Loop order and tile sizes.

    Attributes
    ----------
    order : tuple of str
        DRAM-level loop order, outermost first: a permutation of M, N, K; empty for ``auto``.
    tile : Tile
        ``tile["M"]`` is a number of elements, or None for ``auto``.
    """

    order: Annotated[tuple[str, ...], Field(strict=False)]
    tile: Tile

    @field_validator("order", mode="before")
    @classmethod
    def _automatic(cls, order: Any) -> Any:
        if not isinstance(order, list) or not order:
            if isinstance(order, str) and order == AUTO:
                return ()
            raise ValueError(f"must be {AUTO!r} or a list such as [N, M, K]")
        return order

    @field_validator("order")
    @classmethod
    def _permutation(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if order and sorted(order) != sorted(RANKS):
            raise ValueError(
                f"{', '.join(order)}: must name each of M, N, K once, outermost loop first, or be {AUTO}"
            )
        return order

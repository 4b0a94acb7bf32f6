"""Mappings: how a layer is cut into tiles, in which order they are walked, and whether they fit."""

from simulator.mapping.passes import Pass
from simulator.mapping.tiling import Geometry, Memory, Sizes, Tile, Tiling, choose
from simulator.mapping.visits import Visits, visits

__all__ = ["Geometry", "Memory", "Pass", "Sizes", "Tile", "Tiling", "Visits", "choose", "visits"]

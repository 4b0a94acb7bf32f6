"""A design point: a product on a storage hierarchy by a loop nest. What an estimate and a simulation both see.

What the parts mean, tile by tile and word by word, is written once in ``docs/design_points.md``; the analytical models and the
lowering are two independent tellings of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.energy.reference_table import ReferenceTable
from simulator.hardware.hierarchy import Hierarchy
from simulator.hardware.saf import Features
from simulator.mapping.nest import Nest
from simulator.workload.occupancy import DENSE, Occupancy
from simulator.workload.product import Product


@dataclass(frozen=True)
class DesignPoint:
    """Product, hierarchy, mapping, sparse acceleration features, energies.

    Attributes
    ----------
    name : str
    product : Product
    hierarchy : Hierarchy
    nest : Nest
        A level per memory of the hierarchy, in the same order.
    features : Features
    occupancy : dict of str to Occupancy
        By tensor; a missing one is dense.
    energies : ReferenceTable
    unmodelled : tuple of str
        What the files said that nothing here models, a sentence each.
    """

    name: str
    product: Product
    hierarchy: Hierarchy
    nest: Nest
    features: Features = field(default_factory=Features)
    occupancy: dict[str, Occupancy] = field(default_factory=dict)
    energies: ReferenceTable = field(default_factory=ReferenceTable)
    unmodelled: tuple[str, ...] = ()

    def occupancy_of(self, tensor: str) -> Occupancy:
        """Declared occupancy of a tensor."""
        return self.occupancy.get(tensor, DENSE)

    def kept(self, tensor: str) -> tuple[int, ...]:
        """Indices of the memories that keep a tensor, outermost first."""
        return tuple(i for i, level in enumerate(self.nest.levels) if tensor in level.keeps)

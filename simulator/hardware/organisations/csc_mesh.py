"""Clusters of processing elements over compressed sparse columns, fed through networks on chip."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.hardware.components.noc import Bus, Noc
from simulator.hardware.organisations import csc
from simulator.hardware.quantity import Bytes, Count
from simulator.hardware.specification import Specification

Rank = Literal["M", "N", "auto"]
Within = Literal["M", "N", "K", "auto"]


class Grid(Specification):
    """Things in rows and columns.

    Attributes
    ----------
    rows, columns : Count
    """

    rows: Count
    columns: Count


class Networks(Specification):
    """Ways between the buffers and the elements.

    Attributes
    ----------
    weights, inputs : Noc
        Between clusters; in a cluster a flit goes to all elements that want it at once.
    psums : Bus
        A link from the elements of a column of a cluster to the cluster's buffer, one back, and links between neighbours.
    """

    weights: Noc
    inputs: Noc
    psums: Bus


class Buffer(Specification):
    """The global buffer of a cluster.

    Attributes
    ----------
    inputs : Bytes
        For compressed inputs.
    psums : Bytes
        For partial sums between visits; not a limit, what a layer needs is told beside it.
    """

    inputs: Bytes
    psums: Bytes


class Components(csc.Components):
    """From main memory to the multipliers and back."""

    clusters: Grid
    elements: Grid
    glb: Buffer
    networks: Networks

    @model_validator(mode="after")
    def _tractable(self) -> Self:
        size = self.clusters.rows.value * self.clusters.columns.value
        size *= self.elements.rows.value * self.elements.columns.value
        if size > MOST:
            raise ValueError(f"clusters times elements are {size}: at most {MOST} are simulated")
        return self


MOST = 4096
"""Elements: every one has eleven components."""


class Spread(Specification):
    """The rank whose parts lie along the rows, and along the columns.

    ``auto`` is M or N, whichever leaves an element least to multiply, and then the fewest rows and positions together.
    """

    rows: Rank
    columns: Rank


class Column(Specification):
    """The same in a cluster, whose elements of a column may also add up sums over parts of K, from neighbour to neighbour."""

    rows: Within
    columns: Rank


class Stationary(csc.Stationary):
    """As in an element, for the rows of M, positions of N and coordinates of K that each element gets.

    Attributes
    ----------
    clusters : Spread
    elements : Column
        Ranks spread over the clusters, and over the elements of a cluster.
    """

    clusters: Spread
    elements: Column


class CscMesh(csc.Csc):
    """A chip of many elements."""

    components: Components
    mapping: Stationary

"""Models made of matrix products: weights (M, K) times the vectors of so many tokens (K, N)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.sparsity.patterns import Pattern, parse
from simulator.workload.layer import Layer, gemm


@dataclass(frozen=True)
class Product:
    """One layer of `outputs` (M) x `inputs` (K) weights on `columns` vectors (N).

    Attributes
    ----------
    name : str
    outputs, inputs, columns : int
    activated : bool
        Its inputs are the outputs of an activation function that may make zeros; the others are dense.
    pruned : bool
        Its weights follow the pattern; those of the first and the last layer of a model stay dense.
    """

    name: str
    outputs: int
    inputs: int
    columns: int
    activated: bool = False
    pruned: bool = True

    def operands(self, batch: int) -> tuple[tuple[int, ...], ...]:
        """Shapes of weights and inputs; the columns hold the batch already."""
        return (self.outputs, self.inputs), (self.inputs, self.columns)

    @property
    def follows(self) -> bool:
        """Whether its inputs are exactly the outputs of the layer before: those of an activation function are."""
        return self.activated

    @property
    def macs(self) -> int:
        """Dense multiplications."""
        return self.outputs * self.inputs * self.columns


def layer(product: Product, weights: Pattern, inputs: Pattern, seeds: Sequence[int]) -> Layer:
    """The product with masks drawn: weights to a pattern along K where it is pruned, inputs where they are activated."""
    dense = parse("dense")
    rows, columns = (weights if product.pruned else dense), (inputs if product.activated else dense)
    a = rows.generate((product.outputs, product.inputs), axis=-1, seed=seeds[0])
    b = columns.generate((product.inputs, product.columns), axis=0, seed=seeds[1])
    return gemm(a, b, product.name, rows.text)

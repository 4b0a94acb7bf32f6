"""What the views share: a layer as its matrix product, and what is left out."""

from __future__ import annotations

from simulator.workload.matrix import GemmView
from simulator.workload.product import Product, access

_AXES = {"weights": ("m", "k"), "inputs": ("k", "n"), "outputs": ("m", "n")}


def matrix_product(view: GemmView) -> Product:
    """``outputs[g,m,n] += weights[g,m,k] inputs[g,k,n]``; without g where there is one group."""
    group = {"g": view.groups} if view.groups > 1 else {}
    sizes = group | {"m": view.M, "n": view.N, "k": view.K}
    tensors = [
        access(name, tuple(((rank, 1),) for rank in (*group, *ranks)), sizes) for name, ranks in _AXES.items()
    ]
    return Product(view.layer.einsum.operation, tuple(sizes.items()), tuple(tensors[:2]), tensors[2])


def unmodelled(view: GemmView, *notes: str) -> tuple[str, ...]:
    """What a design point leaves out of a machine, and of a convolution."""
    expanded = (
        "the convolution is its matrix product: DRAM moves expanded inputs, the machine each input once"
    )
    return (*notes, *((expanded,) if view.layer.einsum.operation == "conv2d" else ()))

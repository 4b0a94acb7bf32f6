"""Name -> ``"module:Name"``, imported when first asked for. One door for everything chosen by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from simulator.errors import InputError, suggest

_ENTRIES: dict[str, dict[str, str]] = {
    "engine": {
        "fast": "simulator.engine.fast:run",
        "reference": "simulator.engine.reference:run",
    },
    "recorder": {
        "fast": "simulator.engine.fast:record",
        "reference": "simulator.engine.reference:record",
    },
    "pattern": {
        "dense": "simulator.sparsity.patterns:Dense",
        "family": "simulator.sparsity.patterns:Family",
        "hss": "simulator.sparsity.patterns:Hss",
        "recorded": "simulator.sparsity.patterns:Recorded",
        "terms": "simulator.sparsity.patterns:Terms",
        "unstructured": "simulator.sparsity.patterns:Unstructured",
    },
    "format": {
        "bitmask": "simulator.sparsity.formats:Bitmask",
        "block_list": "simulator.sparsity.formats:BlockList",
        "coordinate_payload": "simulator.sparsity.formats:CoordinatePayload",
        "csc": "simulator.sparsity.formats:Csc",
        "density_bound": "simulator.sparsity.formats:DensityBound",
        "run_length": "simulator.sparsity.formats:RunLength",
        "scaled": "simulator.sparsity.formats:Scaled",
        "uncompressed": "simulator.sparsity.formats:Uncompressed",
    },
    "organisation": {
        "cartesian": "simulator.hardware.organisations.cartesian:Cartesian",
        "csc": "simulator.hardware.organisations.csc:Csc",
        "csc_mesh": "simulator.hardware.organisations.csc_mesh:CscMesh",
        "outer_product": "simulator.hardware.organisations.outer_product:OuterProduct",
        "packed": "simulator.hardware.organisations.packed:Packed",
        "skip_ahead": "simulator.hardware.organisations.skip_ahead:SkipAhead",
        "row_stationary": "simulator.hardware.organisations.row_stationary:RowStationary",
        "stationary": "simulator.hardware.organisations.stationary:Stationary",
        "systolic": "simulator.hardware.organisations.systolic:Systolic",
    },
    "lowering": {
        "cartesian": "simulator.lowering.cartesian.layer:lower",
        "csc": "simulator.lowering.csc:lower",
        "csc_mesh": "simulator.lowering.csc_mesh:lower",
        "nest": "simulator.lowering.nest:lower",
        "outer_product": "simulator.lowering.outer_product.layer:lower",
        "packed": "simulator.lowering.packed.layer:lower",
        "skip_ahead": "simulator.lowering.skip_ahead.layer:lower",
        "row_stationary": "simulator.lowering.row_stationary.layer:lower",
        "stationary": "simulator.lowering.stationary_layer:lower",
        "systolic": "simulator.lowering.systolic.layer:lower",
        "series": "simulator.lowering.terms.layer:lower",
    },
    "design_point": {
        "csc": "simulator.lowering.views.csc:design_point",
        "outer_product": "simulator.lowering.views.outer_product:design_point",
        "stationary": "simulator.lowering.views.stationary:design_point",
    },
    "model": {
        "maestro": "simulator.analytical.maestro:estimate",
        "roofline": "simulator.analytical.roofline:estimate",
        "sparseloop": "simulator.analytical.sparseloop:estimate",
        "sparseloop-2022": "simulator.analytical.sparseloop:release_2022",
        "sparseloop-2025": "simulator.analytical.sparseloop:release_2025",
        "sparseloop-artifact": "simulator.analytical.sparseloop:artifact_2022",
    },
    "datapath": {
        "alternating": "simulator.datapath.alternating:Alternating",
        "decomposed": "simulator.datapath.decomposed:Decomposed",
        "dense": "simulator.datapath.dense:Dense",
        "density_bound": "simulator.datapath.density_bound:DensityBound",
        "hss": "simulator.datapath.hss:TwoRank",
        "n_of_m": "simulator.datapath.n_of_m:OneRank",
        "row_wise": "simulator.datapath.row_wise:RowWise",
    },
}


def names(kind: str) -> tuple[str, ...]:
    """All names registered under `kind`, sorted."""
    return tuple(sorted(_ENTRIES[kind]))


def resolve(kind: str, name: str) -> Any:
    """Import and return what is registered as `name` under `kind`.

    Raises
    ------
    InputError
        No such name; the message suggests the nearest.
    """
    entry = _ENTRIES[kind].get(name)
    if entry is None:
        raise InputError(f"unknown {kind} {name!r}; {suggest(name, _ENTRIES[kind])}")
    module, _, attribute = entry.partition(":")
    return getattr(import_module(module), attribute)

"""A layer of a Result as a group of an HDF5 file, and back; the schema is in :mod:`simulator.record.result_file`."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.hdf5 import Data, Group, Node
from simulator.record.component_group import components, read_components
from simulator.record.labelled import COUNTS, flat, labels, nested, read_flat, read_nested, rows
from simulator.record.result import LayerResult, Verification


def layer_group(layer: LayerResult) -> Group:
    """Everything of a layer."""
    attrs: dict[str, Any] = {"name": layer.name, "cycles": layer.cycles, "bound": layer.bound}
    attrs |= {"lanes": layer.lanes, "assumptions": list(layer.assumptions)}
    counts = np.array(list(layer.nonzeros.values()), dtype=np.int64).reshape(-1, 2)
    children: dict[str, Data | Group] = {
        "choices": Group(layer.choices),
        "verification": Group(vars(layer.verification)),
        "shape": flat(layer.shape, "elements", "size of each rank of the matrix product"),
        "macs": flat(layer.macs, "multiplications", "dense, effectual, and lane slots issued"),
        "totals": flat(layer.totals, "cycle", "S0 cycles of each component group"),
        "nonzeros": Data(
            counts,
            "elements",
            "non-zero elements, elements",
            ("tensor", "count"),
            {"name": list(layer.nonzeros)},
        ),
        "traffic": nested(layer.traffic, np.int64, "byte", "bytes moved per component and tensor"),
        "energy": nested(layer.energy_pj, np.float64, "pJ", "energy per component and action"),
    }
    return Group(attrs, children | components(layer))


def read_layer(node: Node) -> LayerResult:
    """What :func:`layer_group` described; InputError when it does not fit together."""
    verification = node.group("verification")
    return LayerResult(
        name=node.attr("name", str),
        shape=read_flat(node, "shape"),
        cycles=node.attr("cycles", int),
        components=read_components(node),
        bound=node.attr("bound", str),
        totals=read_flat(node, "totals"),
        macs=read_flat(node, "macs"),
        nonzeros=_read_nonzeros(node),
        traffic=read_nested(node, "traffic", COUNTS),
        choices={name: str(value) for name, value in node.group("choices").attrs.items()},
        assumptions=tuple(labels(node, "assumptions", str)),
        verification=Verification(
            mode=verification.attr("mode", str),
            outputs=verification.attr("outputs", int),
            of=verification.attr("of", int),
            operands=verification.attr("operands", str),
        ),
        energy_pj=read_nested(node, "energy", ("float64",)),
        lanes=node.attr("lanes", int),
    )


def _read_nonzeros(node: Node) -> dict[str, tuple[int, int]]:
    values, (names,) = rows(node, "nonzeros", COUNTS, 2, {"name": str})
    return {name: (int(row[0]), int(row[1])) for name, row in zip(names, values, strict=True)}

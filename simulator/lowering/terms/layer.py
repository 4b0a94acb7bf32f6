"""A layer on a stationary machine as a series of terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Datapath
from simulator.datapath.series import products
from simulator.datapath.verify import Box
from simulator.hardware.machine import Machine
from simulator.lowering.output import Outputs
from simulator.lowering.stationary import build
from simulator.lowering.stationary_layer import StationaryLayer, fastest, tiled, widths_of
from simulator.lowering.terms.context import SeriesContext
from simulator.lowering.terms.operands import SeriesOperands
from simulator.lowering.terms.rules import code_of, passes_of, series_of
from simulator.lowering.terms.view import Kept, Recorded, Turned, magnitudes
from simulator.registry import resolve
from simulator.transform.tasd import Asked
from simulator.workload.layer import DENSE, Layer
from simulator.workload.matrix import GemmView


@dataclass(frozen=True)
class SeriesLayer(StationaryLayer):
    """A layer ready to run; see :class:`StationaryLayer`.

    Attributes
    ----------
    asked : Asked
    """

    context: SeriesContext
    asked: Asked

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """DRAM bytes per tensor."""
        called, moved = self.context.called, super().traffic["dram"]
        return {"dram": {called.get(tensor, tensor): size for tensor, size in moved.items()}}

    def computed(self, view: GemmView, box: Box) -> NDArray[np.int64]:
        """See :class:`simulator.lowering.lowered.Lowered`; terms are taken as the units take them, then multiplied one by one."""
        whole = GemmView(view.layer, view.seed)
        weights = whole.weights(box.group, box.m0, box.m1).astype(np.int64)
        inputs = whole.inputs(box.group, 0, view.K, box.n0, box.n1).astype(np.int64)
        kept, length = tuple(term.kept for term in self.code.terms), self.code.choices
        start, stop = (box.m0, box.m1) if self.asked.side == "weights" else (box.n0, box.n1)
        chosen = magnitudes(Recorded(view.layer), self.asked.side, box.group, start, stop)
        if self.asked.side == "weights":
            return products(chosen, weights, inputs, kept, length)
        turned = np.ascontiguousarray(inputs.T), np.ascontiguousarray(weights.T)
        return np.ascontiguousarray(products(chosen, *turned, kept, length).T)

    @property
    def choices(self) -> dict[str, str]:
        """What was decided, in words."""
        series = f"terms {self.asked.series.text}"
        weights = self.asked.side == "weights"
        passes = len(self.context.operands.loads(0))
        return {
            **super().choices,
            "weights_pattern": series if weights else "dense",
            "inputs_format": "uncompressed" if weights else f"uncompressed, {series} taken on their way",
            "series": self.asked.text,
            "stationary": self.asked.side,
            "passes": f"{passes} over each window",
        }


def lower(machine: Machine, layer: Layer) -> SeriesLayer:
    """Lower `layer` onto `machine` as the series that its attributes tell.

    Raises
    ------
    InputError
        The machine does not run the series.
    InfeasibleError
        It does not fit the machine.
    """
    machine, series = series_of(machine, layer)
    datapath: Datapath = resolve("datapath", machine.datapath.kind)()
    layer.check_pattern()
    view = Kept(layer, series)
    code = code_of(machine, series)
    turned = view if series.side == "weights" else Turned(view)

    told = partial(passes_of, machine, series, code, turned.M)
    geometry = fastest(machine, turned, code, told)
    widths = widths_of(machine)
    if series.side == "inputs":
        widths = replace(widths, weights=widths.inputs, inputs=widths.weights)
    operands = SeriesOperands(view, code, geometry, widths)
    context = SeriesContext(machine, code, geometry, operands, tiled(machine, layer, geometry, operands))
    outputs = Outputs(None, "uncompressed", DENSE)
    return SeriesLayer(build(context, outputs), datapath, code, view, context, outputs, series)

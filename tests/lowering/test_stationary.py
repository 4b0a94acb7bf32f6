"""What the network refuses to be built for."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator import InfeasibleError
from simulator.hardware import override
from simulator.lowering import lower


def case(density: float = 1.0, pattern: str = "C1(4:8)->C0(2:4)") -> simulator.Layer:
    rng = np.random.default_rng(0)
    return simulator.gemm(np.zeros((4, 64), bool), rng.random((64, 4)) < density, pattern=pattern)


@pytest.mark.parametrize(
    ("layer", "window"),
    [(case(pattern="C1(4:5)->C0(2:2)"), "80 b of uncompressed"), (case(0.1), "256 b of coordinate_payload")],
)
def test_windows_of_a_fixed_fetch_unit_divide_a_row(layer: simulator.Layer, window: str) -> None:
    machine = override(simulator.load("highlight"), {"fetch.variable": "false"})
    assert lower(machine, case()).code.window == 32
    with pytest.raises(InfeasibleError, match=f"windows must divide a GLB row; they are {window} inputs"):
        lower(machine, layer)


def test_row_buffers_hold_what_a_window_spans() -> None:
    machine = override(simulator.load("highlight"), {"glb.row": "16 B", "array.shared_window": "false"})
    assert lower(override(machine, {"fetch.rows": "8"}), case()).plan
    with pytest.raises(InfeasibleError, match=r"the 128 inputs of a step span 8 GLB rows, fetch\.rows is 7"):
        lower(override(machine, {"fetch.rows": "7"}), case())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dram.burst": "8 B"}, r"fill 16 bursts of 8 B, compress\.queue is 8"),
        ({"dram.burst": "64 B", "compress.queue": "1"}, r"fill 2 bursts of 64 B, compress\.queue is 1"),
    ],
)
def test_the_queue_to_dram_holds_the_bursts_of_a_step(changes: dict[str, str], message: str) -> None:
    layer = simulator.gemm(np.ones((128, 8), bool), np.ones((8, 4), bool))
    with pytest.raises(InfeasibleError, match=message):
        lower(override(simulator.load("highlight"), changes), layer)
    enough = override(simulator.load("highlight"), {**changes, "compress.queue": "16"})
    assert simulator.simulate(enough, layer, verify=False).cycles > 0

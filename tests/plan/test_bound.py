"""What limits a layer is said by name."""

from __future__ import annotations

import numpy as np

import simulator
from simulator.lowering import lower
from simulator.plan.bound import bound


def test_the_bound_is_named_by_what_a_group_is() -> None:
    plan = lower(simulator.load_machine("highlight"), simulator.gemm(np.ones((4, 8)), np.ones((8, 4)))).plan
    groups = dict.fromkeys((part.group for part in plan.components), 1)
    expected = {"array": "compute", "glb.read": "GLB", "glb.write": "GLB", "dram": "DRAM", "drain": "drain"}
    assert {group: bound(plan, {**groups, group: 2}) for group in expected} == expected
    assert bound(plan, {**groups, "glb.read": 2, "array": 2}) == "compute"

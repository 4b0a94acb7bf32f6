"""The claims about SIGMA-like machines can fail, and what they rest on."""

from __future__ import annotations

import numpy as np

from validation.claims import sigma
from validation.oracles.packed import rounds


def test_stonnes_further_columns_are_what_the_busiest_group_of_each_round_awaits() -> None:
    """The law the module quotes, from the masks alone."""
    for (m, k, multipliers, groups), reported in sigma.REPORTED.items():
        size = multipliers // groups
        for density, (eight, sixteen) in zip(sigma.DENSITIES, reported, strict=True):
            column = sum(
                max(len({k for _, k in held[i : i + size]}) for i in range(0, len(held), size))
                for held in rounds(sigma.weights(m, k, density), multipliers, whole=True)
            )
            assert sixteen - eight == 8 * column


def test_another_packing_or_another_bandwidth_costs_other_cycles() -> None:
    mask = sigma.weights(256, 48, 0.6)
    array = {"array.units": "16", "array.unit_multipliers": "4"}
    told = 11321 - 6681

    def added(**changes: str) -> int:
        named = {f"{name.replace('__', '.')}": text for name, text in changes.items()}
        eight, sixteen = (sigma._cycles(mask, n, sigma.ALIKE | array | named) for n in sigma.COLUMNS)
        return sixteen - eight

    assert added() == told
    assert added(datapath__rows="split") < told
    assert added(distribution__values="2") < told
    assert np.count_nonzero(mask) == 7670

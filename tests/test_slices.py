"""Seeds are shared out among tests without one left out or run twice."""

from __future__ import annotations

import pytest
from conftest import SLICE, slices


@pytest.mark.parametrize("networks", [1, 7, 49, 50, 51, 200, 2000])
@pytest.mark.parametrize(
    ("options", "total"), [({}, 1), ({"times": 2}, 2), ({"share": 10, "least": 24}, 0.1)]
)
def test_every_seed_is_run_once(networks: int, options: dict[str, int], total: float) -> None:
    found = slices(networks, **options)
    assert [seed for own in found for seed in own] == list(
        range(max(options.get("least", 1), int(networks * total)))
    )
    lengths = [len(own) for own in found]
    assert max(lengths) <= SLICE
    assert max(lengths) - min(lengths) <= 1
    assert len(found) == -(-sum(lengths) // SLICE)

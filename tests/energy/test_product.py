"""Energy-delay products."""

from __future__ import annotations

import pytest

from simulator.energy import edp_joule_seconds, edp_pj_cycles
from simulator.errors import InputError


def test_units_by_hand() -> None:
    assert edp_pj_cycles(2.5, 4) == 10.0
    assert edp_joule_seconds(1e12, 2 * 10**9, 10**9) == pytest.approx(2.0)
    assert edp_joule_seconds(1e12, 2 * 10**9, 2 * 10**9) == pytest.approx(1.0)


def test_a_clock_that_stands_still() -> None:
    with pytest.raises(InputError, match="clock 0 Hz"):
        edp_joule_seconds(1.0, 1, 0)

"""Energy-delay product.

    EDP = E T,  T = cycles / f

With T in cycles it compares machines of one clock; with T in seconds, machines of any.
"""

from __future__ import annotations

from simulator.errors import InputError

_JOULE_PER_PJ = 1e-12


def edp_pj_cycles(energy_pj: float, cycles: int) -> float:
    """Energy-delay product in pJ x cycles."""
    return energy_pj * cycles


def edp_joule_seconds(energy_pj: float, cycles: int, clock_hz: int) -> float:
    """Energy-delay product in J x s.

    Raises
    ------
    InputError
        The clock is not positive.
    """
    if clock_hz <= 0:
        raise InputError(f"clock {clock_hz} Hz: must be positive")
    return energy_pj * _JOULE_PER_PJ * (cycles / clock_hz)

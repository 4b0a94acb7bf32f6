"""What callers pass in, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.hardware.machine import Machine


def overridden(machine: Machine, overrides: Mapping[str, str] | None) -> Machine:
    from simulator.hardware import override

    if overrides is None:
        return machine
    if not isinstance(overrides, Mapping) or not all(isinstance(path, str) for path in overrides):
        raise InputError(
            f"overrides {overrides!r}: must map parameters to values, e.g. {{'glb.read_bandwidth': '64 B/cycle'}}"
        )
    return override(machine, overrides)


def wanted(verify: bool | str) -> bool | str:
    if not (isinstance(verify, bool) or verify == "auto"):
        raise InputError(f"verify={verify!r}: choices: True, False, 'auto'")
    return verify


def seed_of(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**63:
        raise InputError(f"seed={seed!r}: must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def said(value: object) -> str:
    """What the caller wrote, when it is short enough to repeat."""
    return f"{value}: " if isinstance(value, (str, Path)) else ""


def kind_of(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"

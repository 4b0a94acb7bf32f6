"""What users name on the command line."""

from __future__ import annotations

from simulator.errors import InputError


def pairs(items: tuple[str, ...], option: str) -> dict[str, str]:
    """``key=value`` options as a mapping.

    Raises
    ------
    InputError
        Not of that form, or a key given twice.
    """
    found: dict[str, str] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise InputError(
                f"{option} {item!r}: expected KEY=VALUE, for example {option} glb.read_bandwidth='64 B/cycle'"
            )
        if key.strip() in found:
            raise InputError(f"{option} {key.strip()}: given twice")
        found[key.strip()] = value.strip()
    return found

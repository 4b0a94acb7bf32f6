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


def window(text: str, option: str) -> tuple[int, int | None]:
    """``FIRST:BEYOND`` as numbers; either may be left out.

    Raises
    ------
    InputError
        Not of that form, or an empty window.
    """
    first, colon, beyond = text.replace("_", "").replace(",", "").partition(":")
    parts = first.strip(), beyond.strip()
    if not colon or any(part and not (part.isascii() and part.isdigit()) for part in parts):
        raise InputError(
            f"{option} {text!r}: expected FIRST:BEYOND, for example {option} 0:5000 or {option} 20000:"
        )
    begin, end = int(parts[0] or 0), int(parts[1]) if parts[1] else None
    if end is not None and begin >= end:
        raise InputError(f"{option} {text!r}: is empty: {begin} must be below {end}")
    return begin, end

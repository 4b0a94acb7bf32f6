"""Names under which tables of energies tell an action, first to last: what a table does not tell falls back along the chain.

Accesses that are gated or skipped cost what a table says of them (or of an idle cycle), else nothing; drains cost a read. Source:
the public release of Timeloop of March 2025 (4cf6d4c, include/model/topology.hpp), and the `idle` of that of July 2022.
"""

from __future__ import annotations

CHAINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_read", "read"),
    ("random", "fill"): ("random_fill", "random_write", "fill", "write"),
    ("random", "update"): ("random_update", "random_write", "update", "write"),
    ("gated", "read"): ("gated_read", "idle"),
    ("gated", "fill"): ("gated_fill", "gated_write", "idle"),
    ("gated", "update"): ("gated_update", "gated_write", "idle"),
    ("skipped", "read"): ("skipped_read", "gated_read", "idle"),
    ("skipped", "fill"): ("skipped_fill", "skipped_write", "gated_fill", "gated_write", "idle"),
    ("skipped", "update"): ("skipped_update", "skipped_write", "gated_update", "gated_write", "idle"),
}
"""Of a memory, by state and access."""


def _metadata(name: str) -> str:
    """The same action on metadata: ``gated_read`` is ``gated_metadata_read``, ``read`` is ``metadata_read``."""
    state, _, access = name.rpartition("_")
    return f"{state}_metadata_{access}" if state else f"metadata_{access}"


METADATA_CHAINS: dict[tuple[str, str], tuple[str, ...]] = {
    action: tuple(_metadata(name) for name in names) for action, names in CHAINS.items()
}
"""The same of metadata."""

COMPUTE_CHAINS: dict[str, tuple[str, ...]] = {
    "actual": ("mac_random", "mult_random", "mac", "mult", "compute"),
    "gated": ("mac_gated", "mult_gated", "compute_gated", "mac", "mult", "compute"),
    "skipped": (
        *("mac_skipped", "mult_skipped", "compute_skipped"),
        *("mac_gated", "mult_gated", "compute_gated", "mac", "mult", "compute"),
    ),
}
"""The same of multipliers."""

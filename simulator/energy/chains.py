"""Names under which tables of energies tell an action, first to last: what a table does not tell falls back along the chain.

Source: the public release of Timeloop of July 2022 (include/model). Drains cost a read.
"""

from __future__ import annotations

_WRITE = ("gated_write", "idle", "write")
_IDLE = ("metadata_idle",)

CHAINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_read", "read"),
    ("random", "fill"): ("random_fill", "write"),
    ("random", "update"): ("random_update", "random_fill", "write"),
    ("gated", "read"): ("gated_read", "idle", "read"),
    ("gated", "fill"): ("gated_fill", *_WRITE),
    ("gated", "update"): ("gated_update", *_WRITE),
    ("skipped", "read"): ("skipped_read", "gated_read", "idle", "read"),
    ("skipped", "fill"): ("skipped_fill", "skipped_write", *_WRITE),
    ("skipped", "update"): ("skipped_update", "skipped_write", *_WRITE),
}
"""Of a memory, by state and access."""

METADATA_CHAINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("random", "read"): ("random_metadata_read", "metadata_read", *_IDLE, "idle"),
    ("gated", "read"): ("gated_metadata_read", *_IDLE, "metadata_read"),
    ("skipped", "read"): ("skipped_metadata_read", *_IDLE, "metadata_read"),
    ("random", "fill"): ("random_metadata_fill", "metadata_write", *_IDLE, "idle"),
    ("gated", "fill"): ("gated_metadata_fill", "gated_metadata_write", *_IDLE, "metadata_write"),
    ("skipped", "fill"): ("skipped_metadata_fill", "skipped_metadata_write", *_IDLE, "metadata_write"),
    ("random", "update"): ("random_metadata_update", "metadata_write", *_IDLE, "idle"),
    ("gated", "update"): ("gated_metadata_update", "gated_metadata_write", *_IDLE, "metadata_write"),
    ("skipped", "update"): ("skipped_metadata_update", "skipped_metadata_write", *_IDLE, "metadata_write"),
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

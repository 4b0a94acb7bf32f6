"""sparsecycle: a cycle-level, data-exact simulator of sparse tensor accelerators."""

from __future__ import annotations

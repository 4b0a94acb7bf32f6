"""The one door to numba: options, cache and a switch.

``SPARSECYCLE_JIT=0`` runs every kernel as plain Python (slow, for debugging and for a marked subset of the tests).
Compiled code is cached beside the sources, or where ``NUMBA_CACHE_DIR`` says when that folder cannot be written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
ENABLED = os.environ.get("SPARSECYCLE_JIT", "1") != "0"

if ENABLED:
    import numba

    def kernel(function: F) -> F:
        """Compile a function of arrays and scalars with numba (nopython, nogil, cached)."""
        return numba.njit(cache=True, nogil=True, boundscheck=False)(function)  # type: ignore[no-any-return]

else:

    def kernel(function: F) -> F:
        """Leave the function as it is: the JIT is switched off."""
        return function

"""What all training has in common: one thread and deterministic algorithms, and who did it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any


@contextmanager
def deterministic(torch: Any) -> Iterator[None]:
    """One thread and deterministic algorithms, until left."""
    threads, before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before)


def versions(*packages: str) -> list[str]:
    """Python and these packages with their versions."""
    return [f"python {platform.python_version()}", *(f"{name} {metadata.version(name)}" for name in packages)]

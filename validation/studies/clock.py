"""What a study says while it runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def clock() -> Callable[[str], None]:
    """A callable that writes words to stderr, with the seconds since it was made."""
    start = time.monotonic()

    def told(words: str) -> None:
        sys.stderr.write(f"{time.monotonic() - start:6.0f} s  {words}\n")

    return told

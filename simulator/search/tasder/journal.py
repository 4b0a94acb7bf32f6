"""What a search has measured, kept in a file, so that the same search after an interruption does not measure it again.

A line of JSON per measurement, written when it is made. The first names what is searched; a journal of another search is refused,
and half a line at the end is what an interruption leaves.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.errors import InputError


class Journal:
    """Measurements by key.

    Parameters
    ----------
    path : Path
        Where they are kept; it need not exist.
    subject : mapping
        What is searched: everything that a measurement depends on.

    Raises
    ------
    InputError
        The file is a journal of something else, or none, or cannot be written.
    """

    def __init__(self, path: Path, subject: dict[str, Any]) -> None:
        self.path, self._known = path, dict[str, Any]()
        head = json.dumps({"tasder": subject}, sort_keys=True)
        try:
            lines = path.read_text("utf-8").split("\n") if path.exists() else []
            if lines and lines[0] != head:
                raise InputError(
                    f"{path}: holds measurements of another search; remove it, or choose another --out"
                )
            for line in lines[1:-1]:  # what has no end was interrupted
                key, value = json.loads(line)
                self._known[key] = value
            whole = "\n".join(lines[:-1]) if lines else head
            path.write_text(whole + "\n", "utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be used: {error}") from None

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Any) -> Any:
        """What was measured under a key, None if nothing was."""
        return self._known.get(_text(key))

    def put(self, key: Any, value: Any) -> None:
        """Keep a measurement."""
        self._known[_text(key)] = value
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([_text(key), value]) + "\n")


def _text(key: Any) -> str:
    return json.dumps(key, sort_keys=True)

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
            lines = (
                path.read_text("utf-8").split("\n")[:-1] if path.exists() else []
            )  # half a line was interrupted
            if lines and lines[0] != head:
                raise InputError(
                    f"{path}: holds measurements of another search; begin anew (--force), or choose another --out"
                )
            for line in lines[1:]:
                key, value = json.loads(line)
                if not isinstance(key, str):
                    raise ValueError(f"{line[:40]!r} is no measurement")
                self._known[key] = value
            path.write_text("\n".join([head, *lines[1:]]) + "\n", "utf-8")
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{path}: cannot be used: {error}; begin anew (--force)") from None

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Any) -> Any:
        """What was measured under a key, None if nothing was."""
        return self._known.get(_text(key))

    def put(self, key: Any, value: Any) -> None:
        """Keep a measurement."""
        self._known[_text(key)] = value
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([_text(key), value]) + "\n")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from None


def _text(key: Any) -> str:
    return json.dumps(key, sort_keys=True)

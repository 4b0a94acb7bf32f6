"""Finished points, a line of JSON each, written at once: what an interrupted sweep continues from.

A line cut short by the end of a process is dropped. Rows are found again by the key of their point, so a specification may be
changed: points that are the same are not run again, and rows of points that are no longer asked for stay unused.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType

from simulator.errors import InputError
from simulator.sweeps.work import UNEXPECTED, Row

FILE = "points.log"


class Log:
    """Rows by key; use in a ``with``.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.

    Raises
    ------
    InputError
        It cannot be written, or another process writes to it.
    """

    def __init__(self, path: Path | None) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._file: int | None = None
        if path is None:
            return
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InputError(f"{path}: another process is running this sweep") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        self._read(path)

    def _read(self, path: Path) -> None:
        assert self._file is not None
        end = 0
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                told = json.loads(line if line.endswith(b"\n") else b"")
                self.rows[told["key"]] = told["rows"]
            except (ValueError, TypeError, KeyError):
                break
            end += len(line)
        os.ftruncate(self._file, end)

    def add(self, key: str, rows: list[Row]) -> None:
        """Keep the rows of a finished point."""
        self.rows[key] = rows
        if self._file is not None:
            line = json.dumps({"key": key, "rows": rows}, ensure_ascii=False) + "\n"
            os.write(self._file, line.encode())

    def final(self, key: str) -> list[Row] | None:
        """Rows of a point that need not be run again: all but those that failed for no reason of their own (exit code 1)."""
        rows = self.rows.get(key)
        return None if rows is None or rows[0]["exit_code"] == UNEXPECTED else rows

    def close(self) -> None:
        """Let other processes write."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

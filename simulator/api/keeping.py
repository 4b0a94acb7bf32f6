"""What a run is of, in words that must be equal for kept layers to be those of the same run."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.api.processes import Work
    from simulator.record.journal import Journal


def journal_of(path: str | Path, work: Work, trace: str, digest: str) -> Journal:
    """The journal of a run of a trace; see :class:`simulator.record.journal.Journal`."""
    from simulator.record.journal import Journal

    return Journal(path, told_of(work, trace, digest))


def told_of(work: Work, trace: str, digest: str) -> dict[str, str]:
    """What decides the layers of a Result: the machine, the trace, options, versions, and the sources of this package.

    How many processes run them does not.
    """
    from simulator.api.simulation import versions
    from simulator.hardware import dump

    return {
        "machine": f"{work.machine.name} {_sha(dump(work.machine))}",
        "trace": f"{trace} {digest}",
        "rung": work.rung,
        "engine": work.engine,
        "verify": str(work.verify).lower(),
        "seed": str(work.seed),
        "versions": json.dumps(versions(), sort_keys=True),
        "state of the sources": sources(),
    }


@cache
def sources() -> str:
    """SHA-256 over every source and table of this package: two states of a checkout are of one version, but not the same."""
    root = Path(__file__).parents[1]
    sha = hashlib.sha256()
    for path in sorted(each for suffix in ("*.py", "*.yaml") for each in root.rglob(suffix)):
        content = path.read_bytes()
        sha.update(f"{path.relative_to(root)}|{len(content)}|".encode() + content)
    return sha.hexdigest()


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

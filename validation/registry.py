"""The sets of claims by name, imported when they are measured.

A set is a function that yields claims. One that needs recorded data names the folder it reads and is given
the path of it; where the folder is absent the set is one skipped claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from simulator.errors import InputError, suggest
from validation.claims import Claim, skipped


@dataclass(frozen=True)
class ClaimSet:
    """Where a set is.

    Attributes
    ----------
    entry : str
        ``"module:function"``.
    data : str or None
        Folder of recorded data that the function takes as its argument.
    long : bool
        It takes minutes: measured only when it is named.
    """

    entry: str
    data: str | None = None
    long: bool = False


SETS = {
    "dstc": ClaimSet("validation.claims.dstc:claims"),
    "highlight": ClaimSet("validation.claims.highlight:claims"),
    "highlight_edp": ClaimSet("validation.claims.highlight_edp:claims", long=True),
    "eyeriss": ClaimSet("validation.claims.eyeriss:claims"),
    "eyeriss_v2_pe": ClaimSet("validation.claims.eyeriss_v2_pe:claims", data="eyeriss_v2_pe"),
    "memory": ClaimSet("validation.claims.memory:claims"),
    "noc": ClaimSet("validation.claims.noc:claims"),
    "scnn": ClaimSet("validation.claims.scnn:claims"),
    "sigma": ClaimSet("validation.claims.sigma:claims"),
    "sparseloop": ClaimSet("validation.claims.sparseloop:claims", data="."),
    "stc": ClaimSet("validation.claims.stc:claims"),
    "systolic": ClaimSet("validation.claims.systolic:claims"),
    "stc_case_study": ClaimSet("validation.claims.stc_case_study:claims", "sparseloop/stc_case_study"),
    "structured": ClaimSet("validation.claims.structured:claims"),
    "tasd": ClaimSet("validation.claims.tasd:claims"),
}

ROOT = Path(__file__).resolve().parents[1]
DATA = Path("..") / "shared" / "data"
"""Recorded data that are no part of the project, from the working directory or else from the project."""


def default_data() -> Path | None:
    """The folder of recorded data when none is given, None when it is not there."""
    return next((folder for folder in (DATA, ROOT / DATA) if folder.is_dir()), None)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The sets named, each once; none named is all but the long ones, in the order of :data:`SETS`."""
    return tuple(dict.fromkeys(names)) or tuple(name for name, found in SETS.items() if not found.long)


def measure(names: Iterable[str] = (), data: Path | None = None) -> Iterator[tuple[str, list[Claim]]]:
    """Measure sets of claims, one after the other.

    Parameters
    ----------
    names : iterable of str
        Of sets, as :func:`chosen` reads them.
    data : Path or None
        A folder with a folder per set that reads recorded data; by default :func:`default_data`.

    Yields
    ------
    tuple of str and list of Claim

    Raises
    ------
    InputError
        No such set (before anything is measured), no such folder, or data that are not as described.
    """
    wanted = chosen(names)
    for name in wanted:
        if name not in SETS:
            raise InputError(f"no claims called {name!r}; {suggest(name, SETS)}")
    if data is not None and not data.is_dir():
        raise InputError(f"{data}: is no folder of recorded data")
    folder = default_data() if data is None else data
    return ((name, list(_claims(name, folder))) for name in wanted)


def subject(name: str) -> str:
    """What a set is about: the first sentence of its module."""
    words = import_module(SETS[name].entry.partition(":")[0]).__doc__ or ""
    return " ".join(words.split("\n\n")[0].split())


def _claims(name: str, data: Path | None) -> Iterable[Claim]:
    module, _, function = SETS[name].entry.partition(":")
    folder = SETS[name].data
    found: Any = getattr(import_module(module), function)
    if folder is None:
        claims: Iterable[Claim] = found()
        return claims
    if data is None or not (data / folder).is_dir():
        place = f"{data}: has no folder {folder!r}" if data else f"no folder {DATA}; give one with --data"
        return [skipped(f"claims on the recorded cases of {folder}", place, subject(name))]
    recorded: Iterable[Claim] = found(data / folder)
    return recorded

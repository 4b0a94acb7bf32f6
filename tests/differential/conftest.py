"""Shares the seeds of random networks out among tests, so that the processes that run them all have work to the end."""

from __future__ import annotations

from itertools import pairwise

import pytest

SLICE = 50
"""Networks whose seeds one test may run, where each is run once by both engines at every rung."""


def slices(networks: int, share: int = 1, least: int = 1, size: int = SLICE) -> list[range]:
    """Seeds from 0 on, `networks // share` and `least` at least, cut into ranges of nearly equal length, `size` at most."""
    total = max(least, networks // share)
    count = -(-total // size)
    edges = [total * i // count for i in range(count + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `seeds` a slice of them at a time; ``seeded(share=.., least=.., size=..)`` says of how many."""
    if "seeds" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("seeded")
    cut = slices(int(metafunc.config.getoption("--networks")), **(marker.kwargs if marker else {}))
    metafunc.parametrize("seeds", cut, ids=[f"seeds {s.start}-{s.stop - 1}" for s in cut])

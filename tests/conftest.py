"""Options of the test suite."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulator.record.result import Result


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--examples", action="store_true", help="also run the examples of the pages that take seconds"
    )
    parser.addoption("--networks", type=int, default=200, help="random networks the differential tests run")


SLICE = 50
"""Networks whose seeds one test may run, where each is run once by both engines at every rung."""


def slices(networks: int, times: int = 1, share: int = 1, least: int = 1, size: int = SLICE) -> list[range]:
    """Seeds from 0 on, `networks * times // share` and `least` at least, cut into ranges of about equal length, `size` at most."""
    total = max(least, networks * times // share)
    count = -(-total // size)
    edges = [total * i // count for i in range(count + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `seeds` a slice of them, so that processes that share the tests have work to the end.

    Of how many: ``pytest.mark.seeded`` with arguments of :func:`slices`.
    """
    if "seeds" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("seeded")
    cut = slices(int(metafunc.config.getoption("--networks")), **(marker.kwargs if marker else {}))
    metafunc.parametrize("seeds", cut, ids=[f"seeds {s.start}-{s.stop - 1}" for s in cut])


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> Iterator[None]:
    """Ctrl-C interrupts, also where the suite runs in the background of a shell that has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def networks(request: pytest.FixtureRequest) -> int:
    """How many random networks a test may run."""
    return int(request.config.getoption("--networks"))


@pytest.fixture(scope="session")
def results() -> tuple[Result, Result]:
    """Three small layers on HighLight and on the dense tensor core."""
    import numpy as np

    import simulator
    from simulator.sparsity.patterns import parse
    from simulator.workload.model import Trace

    rng = np.random.default_rng(7)

    def layer(name: str, pattern: str, shape: tuple[int, int, int]) -> simulator.Layer:
        m, n, k = shape
        weights = parse(pattern).generate((m, k), -1, 1)
        return simulator.gemm(weights, rng.random((k, n)) < 0.6, name=name, pattern=pattern)

    trace = Trace(
        "small",
        (
            layer("a/dense", "C1(4:4)->C0(2:2)", (96, 40, 64)),
            layer("b/half", "C1(4:4)->C0(2:4)", (130, 64, 96)),
            layer("c/quarter", "C1(4:8)->C0(2:4)", (64, 70, 128)),
        ),
    )
    machines = ("highlight", "tc")
    first, second = (simulator.simulate(machine, trace, engine="reference") for machine in machines)
    return first, second

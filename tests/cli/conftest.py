"""A small trace, and the command line as a user sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from simulator.cli.main import main
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer, gemm
from simulator.workload.model import Trace
from simulator.workload.trace_file import save


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def command(*args: object) -> Ran:
        with pytest.raises(SystemExit) as stop:
            main([str(arg) for arg in args])
        told = capsys.readouterr()
        return Ran(int(stop.value.code or 0), told.out, told.err)

    return command


def pruned(name: str, pattern: str = "C1(4:8)->C0(2:4)") -> Layer:
    """A layer whose weights satisfy `pattern`."""
    rng = np.random.default_rng(1)
    weights = rng.integers(1, 9, (40, 72)).astype(np.int8)
    weights[~parse(pattern).prune(weights.astype(float), 1)] = 0
    return gemm(weights, rng.integers(0, 3, (72, 20)).astype(np.int8), name=name, pattern=pattern)


def plain(name: str, pattern: str | None = None) -> Layer:
    """A dense layer, whatever it is declared to be."""
    rng = np.random.default_rng(2)
    weights = rng.integers(1, 9, (16, 40)).astype(np.int8)
    return gemm(weights, rng.integers(0, 3, (40, 20)).astype(np.int8), name=name, pattern=pattern)


def broken(name: str) -> Layer:
    """A dense layer that is declared to be 2:4."""
    return plain(name, "2:4")


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace whose only layer breaks its declared pattern."""
    path = tmp_path_factory.mktemp("traces") / "faulty.h5"
    save(Trace("faulty", (broken("lies"),)), path)
    return path


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers: s75/fc1 pruned to a pattern highlight runs, s0/fc2 dense."""
    path = tmp_path_factory.mktemp("traces") / "toy.h5"
    save(Trace("toy", (pruned("s75/fc1"), plain("s0/fc2")), {"note": "made for tests"}), path)
    return path

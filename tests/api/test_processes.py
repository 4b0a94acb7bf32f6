"""Layers over processes: the same Result, errors as they are, nothing left running."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulator
from simulator import DeadlockError, InputError, Interrupted, Layer, Trace
from simulator.api import processes
from simulator.errors import WorkerError
from simulator.hardware import load
from simulator.record.result import LayerResult
from simulator.workload.trace_file import save


def layers(*names: str) -> tuple[Layer, ...]:
    rng = np.random.default_rng(3)
    return tuple(
        simulator.gemm(rng.random((20 + 4 * i, 32)) < 0.5, rng.random((32, 24)) < 0.5, name)
        for i, name in enumerate(names)
    )


def test_a_trace_over_two_processes_gives_the_same_result(tmp_path: Path) -> None:
    path = tmp_path / "t.h5"
    save(Trace("t", layers("a", "b", "c", "d")), path)
    seen: list[str] = []
    one = simulator.simulate("tc", path, seed=5)
    two = simulator.simulate("tc", path, seed=5, jobs=2, on_layer=lambda layer: seen.append(layer.name))
    assert two.digest == one.digest
    assert [layer.energy for layer in two.layers] == [layer.energy for layer in one.layers]
    assert [layer.verification for layer in two.layers] == [layer.verification for layer in one.layers]
    assert sorted(seen) == ["a", "b", "c", "d"]
    assert not multiprocessing.active_children()


def test_layers_in_memory_are_handed_over() -> None:
    trace = Trace("t", layers("a", "b"))
    assert (
        simulator.simulate("tc", trace, jobs=2, verify=False).digest
        == simulator.simulate("tc", trace, verify=False).digest
    )


def test_an_error_is_the_layer_s_own() -> None:
    lying = simulator.gemm(np.ones((8, 16), bool), np.ones((16, 4), bool), "lies", "2:4")
    with pytest.raises(InputError, match="layer 'lies'"):
        simulator.simulate("stc", Trace("t", (lying, *layers("a", "b", "c"))), jobs=2, verify=False)
    assert not multiprocessing.active_children()


def test_an_interrupt_keeps_what_is_finished_and_leaves_nothing_running() -> None:
    def stop(_: LayerResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        simulator.simulate("tc", Trace("t", layers("a", "b", "c")), jobs=2, verify=False, on_layer=stop)
    assert len(stopped.value.result.layers) == 1
    assert not stopped.value.result.complete
    assert not multiprocessing.active_children()


def test_a_process_that_ends_by_itself_is_said() -> None:
    killed: list[int] = []

    def kill(_: LayerResult) -> None:
        end = time.monotonic() + 60
        while not killed and time.monotonic() < end:
            killed.extend(child.pid or 0 for child in multiprocessing.active_children())
            time.sleep(0.01)
            for process in killed:
                os.kill(process, signal.SIGKILL)

    with pytest.raises(WorkerError, match="ended by itself"):
        simulator.simulate("tc", Trace("t", layers(*"abcdefgh")), jobs=2, verify=False, on_layer=kill)


def test_others_are_kept_at_work_while_this_process_simulates(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, simulated, emptied = processes._next, processes._layer, threading.Event()

    def take(rest: deque[int]) -> int | None:
        layer = taken(rest)
        if layer is None:
            emptied.set()
        return layer

    def simulate(*which: Any) -> LayerResult:
        assert emptied.wait(60), "layers wait for this process to end its own"
        return simulated(*which)

    monkeypatch.setattr(processes, "_next", take)
    monkeypatch.setattr(processes, "_layer", simulate)
    work = processes.Work(load("tc"), "fast", "truth", False, 0)
    found = dict(processes.over_processes(work, layers(*"abcdef"), 2))
    assert [found[i].name for i in range(6)] == list("abcdef")


@pytest.mark.parametrize("jobs", [-1, 1.5, True, "2", 2000])
def test_bad_numbers_are_refused(jobs: object) -> None:
    with pytest.raises(InputError, match="jobs="):
        simulator.simulate("tc", layers("a")[0], jobs=jobs)


def test_a_deadlock_comes_back_as_it_was() -> None:
    error = pickle.loads(pickle.dumps(DeadlockError(7, ("a waits for b",))))
    assert (error.cycle, error.waits, str(error)) == (
        7,
        ("a waits for b",),
        str(DeadlockError(7, ("a waits for b",))),
    )


def loaded(*names: str) -> list[bool]:
    """Whether modules are there already."""
    return [name in sys.modules for name in names]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are spawned elsewhere")
def test_processes_begin_with_modules_and_kernels() -> None:
    before = {name: os.environ.get(name) for name in processes._THREADS}
    with ProcessPoolExecutor(1, processes.context()) as pool:
        assert pool.submit(loaded, *processes.READY, "simulator.engine.fast", "numba").result() == [True] * 4
        assert pool.submit(os.getenv, processes._THREADS[0]).result() == "1"
    assert {name: os.environ.get(name) for name in processes._THREADS} == before


def test_several_processes_are_prepared_for_and_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []
    monkeypatch.setattr(processes, "context", lambda: asked.append(None))
    processes.prepare(1)
    assert asked == []
    processes.prepare(2)
    assert asked == [None]
    with pytest.raises(InputError, match="jobs=-1"):
        processes.prepare(-1)

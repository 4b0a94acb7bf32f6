"""Layers over processes: each is simulated whole by one of them, so results are those of one process, whatever their number.

The caller's process is one of them: it simulates while others begin, and a thread of it keeps them supplied. Layers of a file are
read from it by the process that runs them; others are handed over. The longest, by the forecast, are begun first. Nothing of the
caller's threads or open files is shared: on Linux processes are forked from one that was started for this alone and has imported
:mod:`simulator.api.ready`, modules and kernels, once for all; elsewhere they are spawned.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from simulator.api.forecast import forecast
from simulator.errors import InputError, WorkerError

if TYPE_CHECKING:
    from simulator.hardware.machine import Machine
    from simulator.record.result import LayerResult
    from simulator.workload.layer import Layer

READY = ["simulator.api.ready", "simulator.jit.compiler"]
"""What processes have imported before they are begun: most machines have kernels of numba's."""
_OBJECTS = 500_000
"""New objects after which such a process looks for cycles of them: layers leave some thousand, and looking took 1.5 % (SCNN) to
7 % (ExTensor) of layers of ResNet-50."""
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Work:
    """What is done with every layer."""

    machine: Machine
    engine: str
    rung: str
    verify: bool | str
    seed: int


def jobs_of(jobs: object) -> int:
    """A number of processes; 0 is one per processor this process may use.

    Raises
    ------
    InputError
        It is no whole number from 0 to 1,024.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or not 0 <= jobs <= 1024:
        raise InputError(f"jobs={jobs!r}: must be a whole number from 0 (one per processor) to 1024")
    return jobs or len(os.sched_getaffinity(0))


def context() -> BaseContext:
    """How processes are begun; where they are forked from another, that one is started now, and is ready when it is needed."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(READY)
    with _single_threaded():
        forkserver.ensure_running()
    return found


def prepare(jobs: int) -> None:
    """Start in the background what several processes will be begun from, long before they are."""
    if jobs_of(jobs) > 1:
        context()


def over_processes(work: Work, layers: Sequence[Layer], jobs: int) -> Iterator[tuple[int, LayerResult]]:
    """Index and result of every layer, as they are finished, by `jobs` processes, of which this is one.

    Raises
    ------
    SimulatorError
        What a layer raises; the others are not begun any more.
    WorkerError
        A process ended by itself.
    """
    seconds = forecast(work.machine, layers, work.engine, work.verify).by_layer
    rest = deque(sorted(range(len(layers)), key=lambda i: -seconds[i]))
    others, helpers = set(multiprocessing.active_children()), min(jobs, len(layers)) - 1
    pool = ProcessPoolExecutor(helpers, context(), _told, (work,))
    finished = SimpleQueue[_Finished]()
    supplying = threading.Thread(target=_supply, args=(pool, layers, rest, helpers, finished), daemon=True)
    supplying.start()
    supplied = False
    try:
        while not supplied:
            if (layer := _next(rest)) is not None:
                yield layer, _layer(work, layers[layer])
            while not supplied and (layer is None or not finished.empty()):
                told = finished.get()
                if isinstance(told, BaseException):
                    raise told
                if told is None:
                    supplied = True
                else:
                    yield told
    except BrokenProcessPool:
        raise WorkerError(
            f"a process that simulated a layer ended by itself (out of memory?); {len(layers)} layers on {jobs} "
            "processes: try fewer"
        ) from None
    finally:
        rest.clear()
        working = not supplied  # interrupted, or a layer failed: what is at work is not wanted any more
        while working:
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            supplying.join(0.1)
            working = supplying.is_alive()
        pool.shutdown(wait=True, cancel_futures=True)


_Finished = tuple[int, "LayerResult"] | BaseException | None


def _supply(
    pool: ProcessPoolExecutor,
    layers: Sequence[Layer],
    rest: deque[int],
    helpers: int,
    finished: SimpleQueue[_Finished],
) -> None:
    """A thread: begin processes, keep them at work while there is a layer left, and tell what comes of it, None at the end.

    Layers are handed over one more than there are processes, so that it is at hand when the next is finished; not the last ones,
    which would wait for one process while another has none.
    """
    waiting: dict[Future[LayerResult], int] = {}
    try:
        with _single_threaded():
            pool.submit(os.getpid)  # waits for what they are begun from; meanwhile the caller takes layers
        while True:
            while len(waiting) < helpers + (len(rest) > helpers + 1) and (layer := _next(rest)) is not None:
                with _single_threaded():
                    waiting[pool.submit(_asked, layers[layer])] = layer
            if not waiting:
                break
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: waiting[each]):
                finished.put((waiting.pop(future), future.result()))
        finished.put(None)
    except BaseException as error:
        finished.put(error)


def _next(rest: deque[int]) -> int | None:
    """The next layer, None after the last; two threads ask."""
    with suppress(IndexError):
        return rest.popleft()
    return None


_works: list[Work] = []
"""What this process does for another, told once: what layers share on a machine is known by the machine's identity."""


def _told(work: Work) -> None:
    _started()
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
    _works.append(work)


def _started() -> None:
    """Ctrl-C is for the process that asked; this one is told by it, and ends when that one does, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _asked(layer: Layer) -> LayerResult:
    return _layer(_works[-1], layer)


def _layer(work: Work, layer: Layer) -> LayerResult:
    from simulator.api.simulation import layer_result
    from simulator.plan.rung import parse_rung
    from simulator.registry import resolve

    run = resolve("engine", work.engine)
    result = layer_result(work.machine, layer, run, parse_rung(work.rung), work.verify, work.seed, None, None)
    result.integers()  # digests of its logs, which it keeps, are worked out by the process that simulates it
    return result


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes started inside use one thread each for linear algebra: they share the processors already."""
    before: dict[str, Any] = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

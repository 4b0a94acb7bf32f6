"""Where points are simulated: in this process, over processes of this machine, or on a Dask cluster.

Each yields every point once, with its rows, as it is finished. A process that ends by itself (killed, out of memory) costs nobody
but the point it was at: points that may have been at work are run again one by one, and one that ends its process then has failed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from simulator.api.keeping import sources
from simulator.api.processes import _single_threaded, _started, context
from simulator.errors import InputError, WorkerError
from simulator.sweeps.points import Point
from simulator.sweeps.work import UNEXPECTED, Row, failure, work

Finished = Iterator[tuple[Point, list[Row]]]
PATIENCE = "10s"
"""How long a scheduler is waited for."""
DIED = "the process that simulated this point ended by itself (killed, or out of memory)"


def here(points: Sequence[Point]) -> Finished:
    """In this process, in order."""
    state = sources()
    for point in points:
        yield point, work(point, state)


def over_processes(points: Sequence[Point], jobs: int) -> Finished:
    """Over processes of this machine."""
    left = list(points)
    while left:
        done: set[int] = set()
        try:
            for point, rows in _pool(left, jobs):
                done.add(point.index)
                yield point, rows
        except BrokenProcessPool:
            waiting = [point for point in left if point.index not in done]
            suspects = waiting[: 2 * jobs + 2]
            done |= {point.index for point in suspects}
            yield from _one_by_one(suspects)
        left = [point for point in left if point.index not in done]


def _one_by_one(points: Sequence[Point]) -> Finished:
    """In one process, so that one that ends is that of the point at work."""
    waiting = list(points)
    while waiting:
        pool, state = _processes(1), sources()
        try:
            with _single_threaded():
                while waiting:
                    rows = pool.submit(work, waiting[0], state).result()
                    yield waiting.pop(0), rows
        except BrokenProcessPool:
            yield waiting.pop(0), [failure(DIED, UNEXPECTED)]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, context(), _started)


def _pool(points: Sequence[Point], jobs: int) -> Finished:
    others = set(multiprocessing.active_children())
    pool = _processes(min(jobs, len(points)))
    waiting: dict[Future[list[Row]], Point] = {}
    try:
        with _single_threaded():
            state = sources()
            waiting |= {pool.submit(work, point, state): point for point in points}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: (each.exception() is not None, waiting[each].index)):
                rows = future.result()
                yield waiting.pop(future), rows
    finally:
        if waiting:
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def on_cluster(points: Sequence[Point], address: str) -> Finished:
    """On the workers of a Dask scheduler; files are read by their paths, so workers need the same file system.

    Raises
    ------
    InputError
        dask.distributed is not installed, no scheduler answers, it has no workers, or they have other sources.
    WorkerError
        The scheduler was lost; points that were finished are kept.
    """
    client = _client(address)
    try:
        from distributed import as_completed

        state = sources()
        _same(client.run(sources), state, address)
        futures = {
            client.submit(work, point, state, key=f"sparsecycle-{point.key}-{point.index}", pure=False): point
            for point in points
        }
        finished = as_completed(futures, loop=client.loop, raise_errors=False)  # type: ignore[no-untyped-call]  # distributed has no types
        for future in finished:
            if future.status == "cancelled":
                raise WorkerError(f"{address}: the cluster was lost; the same command continues")
            rows = future.result() if future.status == "finished" else [_failed(future.exception())]
            yield futures[future], rows
            future.release()
    except (OSError, TimeoutError) as error:
        raise WorkerError(
            f"{address}: the cluster was lost ({type(error).__name__}); the same command continues"
        ) from None
    finally:
        client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--cluster needs dask.distributed: pip install 'sparsecycle[cluster]'; without --cluster, points run on this machine"
        ) from None
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]  # distributed has no types
    except (OSError, ValueError, TimeoutError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"--cluster {address}: no scheduler answers: {reason}") from None


def _same(found: dict[str, str], state: str, address: str) -> None:
    if not found:
        raise InputError(f"--cluster {address}: the scheduler has no workers")
    for worker, other in found.items():
        if other != state:
            raise InputError(
                f"--cluster {address}: worker {worker} has other sources of sparsecycle than this process"
            )


def _failed(error: BaseException | None) -> Row:
    kind = type(error).__name__
    return failure(
        DIED if kind == "KilledWorker" else f"unexpected {kind}: {error}".splitlines()[0], UNEXPECTED
    )

"""Simulate layers, traces and design points."""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.api.arguments import kind_of, overridden, seed_of, wanted
from simulator.api.keeping import journal_of
from simulator.api.loading import layers_of, load
from simulator.api.processes import Work, jobs_of, over_processes
from simulator.errors import InfeasibleError, InputError
from simulator.plan.rung import parse_rung

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.engine.contract import Engine, Progress
    from simulator.hardware.machine import Machine
    from simulator.lowering import Lowered
    from simulator.mapping.design_point import DesignPoint
    from simulator.plan.rung import Rung
    from simulator.record.requests import RequestFile
    from simulator.record.result import LayerResult, Result, Verification
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

_PACKAGES = ("numpy", "numba", "simpy", "h5py")


class Interrupted(KeyboardInterrupt):
    """The run was interrupted; `result` holds the layers that were finished, marked incomplete."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(f"interrupted after {len(result.layers)} layers")


def simulate(
    machine: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    engine: str = "fast",
    rung: str = "truth",
    verify: bool | str = "auto",
    overrides: Mapping[str, str] | None = None,
    seed: int = 0,
    on_layer: Callable[[LayerResult], None] | None = None,
    progress: Progress | None = None,
    requests: RequestFile | None = None,
    tensors: Mapping[str, NDArray[Any]] | None = None,
    jobs: int = 1,
    keep: str | Path | None = None,
) -> Result:
    """Run a layer or a trace on a machine, or a design point on tensors, cycle by cycle.

    Parameters
    ----------
    machine : Machine or DesignPoint, or a name or path that :func:`load` takes
    workload : Layer, Trace, or the path of a trace
        A design point takes layers whose tensors have the shapes of its own.
    engine : str
        ``fast`` or ``reference``; both give the same Result.
    rung : str
        ``truth`` (S4), or an idealisation below it: ``totals`` (S0), ``balance`` (S1), ``order`` (S2),
        ``buffers`` (S3).
    verify : bool or str
        Check outputs against the dense integer einsum: True all of them, ``auto`` all up to 2**24
        multiplications per layer and seeded samples above, False none.
    overrides : mapping of str to str
        Machine parameters by dotted path, e.g. ``{"glb.read_bandwidth": "64 B/cycle"}``.
    seed : int
        Seeds sampled verification and the integers standing in for operands without integer values.
    on_layer, progress : callable
        Called with each finished layer, and now and then with (cycle, items) inside one.
    requests : RequestFile
        Where to write the requests of one component; at rung ``truth`` only.
    tensors : mapping of str to ndarray
        Operands of a design point by name, values or masks, and its output's non-zeros if they are known; without a
        workload and tensors they are drawn from the occupancies it declares, by `seed`.
    jobs : int
        Processes that share the layers, 0: one per processor. The Result is the same; `on_layer` is called in the order
        layers are finished, `progress` not at all.
    keep : str or Path
        File in which finished layers are kept while a trace runs. A call with the same inputs continues from them, whatever ended
        the one before, and `on_layer` is called for those first; of other inputs they are refused. The caller deletes it when the
        Result is saved. Not with requests, nor for a design point.

    Returns
    -------
    Result

    Raises
    ------
    InputError, InfeasibleError, DeadlockError, WorkerError
        See :mod:`simulator.errors`.
    Interrupted
        On Ctrl-C, with the partial Result.
    """
    from simulator.hardware.machine import Machine as Specification
    from simulator.registry import resolve

    step, run = parse_rung(rung), resolve("engine", engine)
    verify, seed = wanted(verify), seed_of(seed)
    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if keep is not None and (requests is not None or not isinstance(loaded, Specification)):
        raise InputError("keep: layers are kept of a trace on a machine, without requests")
    if not isinstance(loaded, Specification):
        return _on_point(
            loaded,
            workload,
            tensors,
            (run, step, engine, verify is not False, seed),
            overrides,
            on_layer,
            progress,
        )
    if tensors is not None:
        raise InputError(
            f"machine {loaded.name!r}: takes a layer or a trace, not tensors; a design point does"
        )
    if workload is None:
        raise InputError(f"a simulation on machine {loaded.name!r} needs a layer or a trace")
    target = overridden(loaded, overrides)
    name, digest, layers = layers_of(workload)
    work = Work(target, engine, str(step), verify, seed)
    here = run, step, progress, requests
    done, complete = _layers(work, (name, digest), list(layers), jobs_of(jobs), here, on_layer, keep)
    result = _result(work, name, digest, done, complete)
    if not complete:
        raise Interrupted(result)
    return result


def _layers(
    work: Work,
    of: tuple[str, str],
    layers: list[Layer],
    jobs: int,
    here: tuple[Engine, Rung, Progress | None, RequestFile | None],
    on_layer: Callable[[LayerResult], None] | None,
    keep: str | Path | None,
) -> tuple[dict[int, LayerResult], bool]:
    """Results by index, those kept before included, and whether nobody interrupted; `of` is the trace's name and digest."""
    journal = None if keep is None else journal_of(keep, work, *of)
    done: dict[int, LayerResult] = {} if journal is None else dict(journal.layers)
    todo = [(index, layer) for index, layer in enumerate(layers) if index not in done]
    try:
        if on_layer is not None:
            for index in sorted(done):
                on_layer(done[index])
        with closing(_each(work, todo, jobs, here)) as results:
            for index, result in results:
                done[index] = result
                if journal is not None:
                    journal.add(index, result)
                if on_layer is not None:
                    on_layer(result)
    except KeyboardInterrupt:
        return done, False
    finally:
        if journal is not None:
            journal.close()
    return done, True


def _each(
    work: Work,
    todo: list[tuple[int, Layer]],
    jobs: int,
    here: tuple[Engine, Rung, Progress | None, RequestFile | None],
) -> Generator[tuple[int, LayerResult], None, None]:
    """Index and result of every layer, in this process or in several."""
    run, rung, progress, requests = here
    if jobs > 1 and requests is not None:
        raise InputError(f"jobs={jobs}: requests are written in the order of layers; use jobs=1")
    if jobs > 1 and len(todo) > 1:
        for at, result in over_processes(work, [layer for _, layer in todo], jobs):
            yield todo[at][0], result
        return
    for index, layer in todo:
        result = layer_result(work.machine, layer, run, rung, work.verify, work.seed, progress, requests)
        yield index, result


def _result(work: Work, name: str, digest: str, done: dict[int, LayerResult], complete: bool) -> Result:
    layers = [done[index] for index in sorted(done)]
    return result_of(
        work.machine, name, digest, parse_rung(work.rung), work.seed, layers, work.engine, complete
    )


def _on_point(
    point: object,
    workload: Layer | Trace | str | Path | None,
    tensors: Mapping[str, NDArray[Any]] | None,
    how: tuple[Engine, Rung, str, bool, int],
    overrides: Mapping[str, str] | None,
    on_layer: Callable[[LayerResult], None] | None,
    progress: Progress | None,
) -> Result:
    from dataclasses import replace

    from simulator.lowering.nest import drawn, layer_result, lower, of_layer, unverified
    from simulator.mapping.design_point import DesignPoint as Point
    from simulator.record.result import Result
    from simulator.workload.tensor import recorded

    if not isinstance(point, Point):
        raise InputError(f"expected a machine or a design point, got {kind_of(point)}")
    if overrides:
        raise InputError(f"design point {point.name!r}: takes no overrides; change its file")
    if workload is not None and tensors is not None:
        raise InputError(f"design point {point.name!r}: takes a trace or tensors, not both")
    run, rung, engine, verify, seed = how
    name, notes = point.product.text, tuple[str, ...]()
    inputs: list[tuple[str, Mapping[str, NDArray[Any]]]] = []
    if workload is not None:
        name, digest, layers = layers_of(workload)
        inputs += [(layer.name, of_layer(point.product, layer)) for layer in layers]
    else:
        given, notes = (tensors, ()) if tensors is not None else drawn(point, seed)
        inputs.append((point.name, given))
        digest = "".join(recorded(key, each).sha256 for key, each in sorted(given.items()))
    done: list[LayerResult] = []
    for layer, arrays in inputs:
        lowered = lower(point, arrays, seed)
        outcome = run(lowered.plan, rung, progress=progress)
        verification = lowered.verify() if verify else unverified(lowered)
        result = layer_result(lowered, outcome, verification)
        done.append(replace(result, name=layer, assumptions=(*notes, *result.assumptions)))
        if on_layer is not None:
            on_layer(done[-1])
    return Result(
        point.name, name, _told(point), digest, str(rung), seed, tuple(done), True, engine, versions()
    )


def _told(point: DesignPoint) -> str:
    """A design point as a file; where its nest has no place in one, all that it holds."""
    from simulator.frontend.timeloop import dump

    try:
        return dump(point)
    except InputError:
        return f"{point!r}\n"


def layer_result(
    machine: Machine,
    layer: Layer,
    run: Engine,
    rung: Rung,
    verify: bool | str,
    seed: int,
    progress: Progress | None,
    requests: RequestFile | None,
) -> LayerResult:
    from simulator.plan.bound import bound, s0_totals
    from simulator.record.result import LayerResult

    lowered = lowered_layer(machine, layer)
    verification = _verify(lowered, verify, seed)
    told = None if requests is None else {requests.component: requests}
    outcome = run(lowered.plan, rung, progress=progress, requests=told)
    if requests is not None:
        requests.next_layer(outcome.cycles)
    totals = s0_totals(lowered.plan, outcome)
    table = machine.table
    view = lowered.view
    return LayerResult(
        name=layer.name,
        shape={"groups": view.groups, "M": view.M, "N": view.N, "K": view.K},
        cycles=outcome.cycles,
        components=outcome.components,
        bound=bound(lowered.plan, totals),
        totals=totals,
        macs=lowered.macs,
        nonzeros=lowered.nonzeros,
        traffic=lowered.traffic,
        choices=lowered.choices,
        assumptions=lowered.assumptions,
        verification=verification,
        energy_pj={part.name: table.energy_pj(part.actions) for part in outcome.components},
        lanes=lowered.lanes,
    )


def lowered_layer(machine: Machine, layer: Layer) -> Lowered:
    """A layer as the machine runs it.

    Raises
    ------
    InputError, InfeasibleError
        The machine cannot run it; the message names the layer.
    """
    from simulator.lowering import lower

    try:
        return lower(machine, layer)
    except InfeasibleError as error:
        place = f"layer {layer.name!r}"
        raise InfeasibleError(str(error) if place in str(error) else f"{place}: {error}") from None


def _verify(lowered: Lowered, verify: bool | str, seed: int) -> Verification:
    from simulator.datapath.verify import verify as check
    from simulator.record.result import Verification

    view = lowered.view
    if verify is False:
        return Verification("off", 0, view.groups * view.M * view.N, "none")
    return check(view.integers(seed), lowered.computed, verify is True, seed)


def result_of(
    machine: Machine,
    trace: str,
    digest: str,
    rung: Rung,
    seed: int,
    layers: list[LayerResult],
    engine: str,
    complete: bool,
) -> Result:
    from simulator.hardware import dump
    from simulator.record.result import Result

    return Result(
        machine=machine.name,
        trace=trace,
        config=dump(machine),
        trace_digest=digest,
        rung=str(rung),
        seed=seed,
        layers=tuple(layers),
        complete=complete,
        engine=engine,
        versions=versions(),
        clock_hz=machine.clock.value,
    )


def versions() -> dict[str, str]:
    """Versions of this package, Python and the packages results can depend on."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("sparsecycle", *_PACKAGES):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found

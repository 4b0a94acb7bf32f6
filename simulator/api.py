"""The public functions: load, gemm, conv2d, simulate, estimate, compare. Everything heavy is imported when it is needed."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from importlib import metadata
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from simulator.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.engine.contract import Engine, Progress
    from simulator.hardware.machine import Machine
    from simulator.lowering import Lowered
    from simulator.mapping.design_point import DesignPoint
    from simulator.plan.rung import Rung
    from simulator.record.comparison import Comparison, LayerComparison
    from simulator.record.estimate import Estimate
    from simulator.record.requests import RequestFile
    from simulator.record.result import LayerResult, Result, Verification
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

M = TypeVar("M", bound="Machine")

_PACKAGES = ("numpy", "numba", "simpy", "h5py")


class Interrupted(KeyboardInterrupt):
    """The run was interrupted; `result` holds the layers that were finished, marked incomplete."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(f"interrupted after {len(result.layers)} layers")


def load(name: str | Path) -> Machine | DesignPoint | Trace | Result:
    """Load a machine or a design point by name or path, or a trace or Result by path.

    Parameters
    ----------
    name : str or Path
        A name in hwconfigs/ (``highlight``), hwconfigs/design_points/ (``spmspm``) or traces/ (``digits_cnn``), a ``.yaml``
        machine, a Timeloop or Sparseloop specification (a file or a folder), a ``.h5`` trace or Result, or a folder `run` wrote.

    Raises
    ------
    InputError
        No such machine or file, or it is not valid; the message says where and why.
    """
    if not isinstance(name, (str, Path)):
        raise InputError(f"load: expected a name or a path, got {_kind(name)}")
    from simulator.frontend.timeloop.named import locate as locate_point
    from simulator.hardware import load as load_machine
    from simulator.hardware import names
    from simulator.workload.named import locate

    if str(name) in names():
        return load_machine(name)
    specification = locate_point(str(name))
    if specification is not None:
        from simulator.frontend.timeloop import load as load_point

        return load_point(specification)
    path = Path(locate(str(name)))
    if path.is_dir():
        if not (path / "result.h5").is_file():
            raise InputError(
                f"{name}: is a folder without result.h5; give a file, or a folder that a run wrote"
            )
        path = path / "result.h5"
    if path.suffix in (".h5", ".hdf5"):
        return _load_hdf5(path)
    return load_machine(path)


@overload
def load_machine(
    name: str | Path, organisation: None = None, overrides: Mapping[str, str] | None = None
) -> Machine: ...


@overload
def load_machine(
    name: str | Path, organisation: type[M], overrides: Mapping[str, str] | None = None
) -> M: ...


def load_machine(
    name: str | Path, organisation: type[M] | None = None, overrides: Mapping[str, str] | None = None
) -> M | Machine:
    """Load a machine, as :func:`load` does.

    Parameters
    ----------
    name : str or Path
    organisation : type, optional
        A class of machines in :mod:`simulator.hardware.organisations` that it must be of.
    overrides : mapping of str to str
        Parameters by dotted path, as :func:`simulate` takes them.

    Raises
    ------
    InputError
        It is no machine, or one of another organisation, or an override is wrong.
    """
    machine = _overridden(_machine(name), overrides)
    if organisation is not None and not isinstance(machine, organisation):
        raise InputError(
            f"{name}: machine {machine.name!r} is of organisation {machine.organisation!r}, not {organisation.__name__}"
        )
    return machine


def load_trace(name: str | Path) -> Trace:
    """Load a trace, as :func:`load` does.

    Raises
    ------
    InputError
        It is no trace.
    """
    from simulator.workload.model import Trace as Model

    loaded = load(name)
    if not isinstance(loaded, Model):
        raise InputError(f"{_said(name)}expected a trace, got {_kind(loaded)}")
    return loaded


def _load_hdf5(path: Path) -> Trace | Result:
    from simulator.hdf5 import kind_of

    if kind_of(path) == "result":
        from simulator.record.result_file import load as load_result

        return load_result(path)
    from simulator.workload.trace_file import load as load_trace

    return load_trace(path)


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

    Returns
    -------
    Result

    Raises
    ------
    InputError, InfeasibleError, DeadlockError
        See :mod:`simulator.errors`.
    Interrupted
        On Ctrl-C, with the partial Result.
    """
    from simulator.hardware.machine import Machine as Specification
    from simulator.plan.rung import parse_rung
    from simulator.registry import resolve

    step, run = parse_rung(rung), resolve("engine", engine)
    verify, seed = _wanted(verify), _seed(seed)
    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
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
    target = _overridden(loaded, overrides)
    name, digest, layers = _layers(workload)
    done: list[LayerResult] = []
    try:
        for layer in layers:
            done.append(_layer(target, layer, run, step, verify, seed, progress, requests))
            if on_layer is not None:
                on_layer(done[-1])
    except KeyboardInterrupt:
        raise Interrupted(_result(target, name, digest, step, seed, done, engine, complete=False)) from None
    return _result(target, name, digest, step, seed, done, engine, complete=True)


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
        raise InputError(f"expected a machine or a design point, got {_kind(point)}")
    if overrides:
        raise InputError(f"design point {point.name!r}: takes no overrides; change its file")
    if workload is not None and tensors is not None:
        raise InputError(f"design point {point.name!r}: takes a trace or tensors, not both")
    run, rung, engine, verify, seed = how
    name, notes = point.product.text, tuple[str, ...]()
    inputs: list[tuple[str, Mapping[str, NDArray[Any]]]] = []
    if workload is not None:
        name, digest, layers = _layers(workload)
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


_WHOLE = "design point {!r} has a product of its own: it takes no trace and no overrides"
DECLARED, MEASURED = "declared", "measured"
OCCUPANCIES = (DECLARED, MEASURED)
"""What an estimate knows of the zeros: what was declared (of a trace: the weights' pattern, and densities averaged over its
layers), or the density of every tensor of the layer."""


def estimate(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    model: str = "sparseloop",
    occupancy: str = DECLARED,
    overrides: Mapping[str, str] | None = None,
) -> tuple[Estimate, ...]:
    """Estimate a design point, or every layer of a trace on a machine, with an analytical model.

    Parameters
    ----------
    hardware : Machine or DesignPoint, or a name or path of one
    workload : Layer, Trace, or the path of a trace; None for a design point, which has a product of its own
    model : str
        A registered model, e.g. ``sparseloop``, ``roofline``, ``maestro``.
    occupancy : str
        ``declared`` or ``measured``: see :data:`OCCUPANCIES`.
    overrides : mapping of str to str
        Machine parameters by dotted path.

    Returns
    -------
    tuple of Estimate
        One per layer; one for a design point.

    Raises
    ------
    InputError, InfeasibleError
        See :mod:`simulator.errors`; also when the machine cannot be told as a design point.
    """
    from simulator.registry import resolve

    asked = resolve("model", model)
    if occupancy not in OCCUPANCIES:
        raise InputError(f"occupancy={occupancy!r}: choices: {', '.join(OCCUPANCIES)}")
    return tuple(asked(point) for point in design_points(hardware, workload, occupancy, overrides))


def compare(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    model: str = "sparseloop",
    against: str | Path | Estimate | None = None,
    tensors: Mapping[str, NDArray[Any]] | None = None,
    engine: str = "fast",
    overrides: Mapping[str, str] | None = None,
    seed: int = 0,
    on_layer: Callable[[LayerComparison], None] | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Lay an estimate beside the simulation of the same layers: the ladder between them, and every figure both tell.

    Parameters
    ----------
    hardware, workload, engine, overrides, on_layer, progress
        As in :func:`simulate`.
    model : str
        A registered model. It also tells the rung of actual densities when `against` is given.
    against : str, Path or Estimate, or None
        An estimate made elsewhere, for one layer or a design point; a file as the real tools write them is read.
    tensors : mapping of str to ndarray, or None
        Operands of a design point; None: drawn from the occupancies it declares, by `seed`.
    """
    from simulator.comparison.run import Asked, of_machine, of_point
    from simulator.mapping.design_point import DesignPoint as Point

    asked = Asked(model, against, engine, _seed(seed), on_layer, progress, versions())
    loaded = load(hardware) if isinstance(hardware, (str, Path)) else hardware
    name, _, layers = ("", "", iter(())) if workload is None else _layers(workload)
    if isinstance(loaded, Point):
        if overrides:
            raise InputError(f"design point {loaded.name!r}: takes no overrides; change its file")
        return of_point(loaded, name, list(layers), tensors, asked)
    machine = _overridden(_machine(cast("Machine", loaded)), overrides)
    if workload is None:
        raise InputError(f"a comparison on machine {machine.name!r} needs a layer or a trace")
    return of_machine(machine, name, list(layers), lowered_layer, asked)


def design_points(
    hardware: Machine | DesignPoint | str | Path,
    workload: Layer | Trace | str | Path | None = None,
    occupancy: str = DECLARED,
    overrides: Mapping[str, str] | None = None,
) -> Iterator[DesignPoint]:
    """What an analytical model sees of every layer; see :func:`estimate`."""
    from simulator.lowering.views.view import average_density
    from simulator.mapping.design_point import DesignPoint as Point

    if isinstance(hardware, (str, Path)):
        loaded = load(hardware)
        hardware = loaded if isinstance(loaded, Point) else _machine(hardware)
    if isinstance(hardware, Point):
        if workload is not None or overrides:
            raise InputError(_WHOLE.format(hardware.name))
        yield hardware
        return
    machine = _overridden(_machine(hardware), overrides)
    if workload is None:
        raise InputError(f"an estimate of machine {machine.name!r} needs a layer or a trace")
    _, _, layers = _layers(workload)
    known = list(layers)
    average = average_density(known) if occupancy == DECLARED else {}
    for layer in known:
        yield design_point(machine, layer, average)


def design_point(
    machine: Machine, layer: Layer, average: Mapping[str, Fraction] | None = None
) -> DesignPoint:
    """A layer on a machine of the zoo as a design point; see :func:`simulator.lowering.views.view`."""
    from simulator.lowering.views.view import view

    return view(machine, lowered_layer(machine, layer), average)


def _machine(machine: Machine | str | Path) -> Machine:
    from simulator.hardware.machine import Machine as Specification

    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if not isinstance(loaded, Specification):
        raise InputError(f"{_said(machine)}expected a machine, got {_kind(loaded)}")
    return loaded


def _overridden(machine: Machine, overrides: Mapping[str, str] | None) -> Machine:
    from simulator.hardware import override

    if overrides is None:
        return machine
    if not isinstance(overrides, Mapping) or not all(isinstance(path, str) for path in overrides):
        raise InputError(
            f"overrides {overrides!r}: must map parameters to values, e.g. {{'glb.read_bandwidth': '64 B/cycle'}}"
        )
    return override(machine, overrides)


def _wanted(verify: bool | str) -> bool | str:
    if not (isinstance(verify, bool) or verify == "auto"):
        raise InputError(f"verify={verify!r}: choices: True, False, 'auto'")
    return verify


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**63:
        raise InputError(f"seed={seed!r}: must be a whole number from 0 to 2**63 - 1")
    return int(seed)


def _said(value: object) -> str:
    """What the caller wrote, when it is short enough to repeat."""
    return f"{value}: " if isinstance(value, (str, Path)) else ""


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _layers(workload: Layer | Trace | str | Path) -> tuple[str, str, Iterator[Layer]]:
    from simulator.workload.layer import Layer as OneLayer
    from simulator.workload.model import Trace as Model
    from simulator.workload.named import trace_path

    loaded = _load_hdf5(trace_path(str(workload))) if isinstance(workload, (str, Path)) else workload
    if isinstance(loaded, OneLayer):
        loaded = Model(loaded.name, (loaded,))
    if not isinstance(loaded, Model):
        raise InputError(f"{_said(workload)}expected a layer or a trace, got {_kind(loaded)}")
    if not loaded.layers:
        raise InputError(f"{_said(workload)}trace {loaded.name!r} has no layers to run")
    return loaded.name, loaded.digest, iter(loaded.layers)


def _layer(
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


def _result(
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
    found = {"python": platform.python_version()}
    for package in ("sparsecycle", *_PACKAGES):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found

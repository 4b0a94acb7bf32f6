"""Machines, design points, traces and results by name or path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from simulator.api.arguments import kind_of, overridden, said
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.hardware.machine import Machine
    from simulator.mapping.design_point import DesignPoint
    from simulator.record.result import Result
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace

M = TypeVar("M", bound="Machine")


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
        raise InputError(f"load: expected a name or a path, got {kind_of(name)}")
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
        if (path / "sample.json").is_file():
            raise InputError(
                f"{name}: holds a sample, not a result; simulator.record.sample.load reads its sample.json"
            )
        if not (path / "result.h5").is_file():
            raise InputError(
                f"{name}: is a folder without result.h5; give a file, or a folder that a run wrote"
            )
        path = path / "result.h5"
    if path.suffix in (".h5", ".hdf5"):
        return load_hdf5(path)
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
    machine = overridden(machine_of(name), overrides)
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
        raise InputError(f"{said(name)}expected a trace, got {kind_of(loaded)}")
    return loaded


def load_hdf5(path: Path) -> Trace | Result:
    from simulator.hdf5 import kind_of

    if kind_of(path) == "result":
        from simulator.record.result_file import load as load_result

        return load_result(path)
    from simulator.workload.trace_file import load as load_trace

    return load_trace(path)


def machine_of(machine: Machine | str | Path) -> Machine:
    from simulator.hardware.machine import Machine as Specification

    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if not isinstance(loaded, Specification):
        raise InputError(f"{said(machine)}expected a machine, got {kind_of(loaded)}")
    return loaded


def layers_of(workload: Layer | Trace | str | Path) -> tuple[str, str, Iterator[Layer]]:
    from simulator.workload.layer import Layer as OneLayer
    from simulator.workload.model import Trace as Model
    from simulator.workload.named import trace_path

    loaded = load_hdf5(trace_path(str(workload))) if isinstance(workload, (str, Path)) else workload
    if isinstance(loaded, OneLayer):
        loaded = Model(loaded.name, (loaded,))
    if not isinstance(loaded, Model):
        raise InputError(f"{said(workload)}expected a layer or a trace, got {kind_of(loaded)}")
    if not loaded.layers:
        raise InputError(f"{said(workload)}trace {loaded.name!r} has no layers to run")
    return loaded.name, loaded.digest, iter(loaded.layers)

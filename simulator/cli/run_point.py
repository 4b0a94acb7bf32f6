"""``run`` of a design point: a specification of Timeloop simulated on tensors that are given, recorded or drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.cli.run import Options
    from simulator.mapping.design_point import DesignPoint
    from simulator.record.result import Result

ARRAYS = (".npz", ".npy")


def specification(hw: str) -> DesignPoint | None:
    """The design point HW names; None when it is a machine."""
    from simulator.frontend.timeloop.named import locate

    found = locate(hw)
    if found is None:
        return None
    from simulator.frontend.timeloop import load

    return load(found)


def run_point(point: DesignPoint, data: str | None, layers: str, options: Options) -> Result:
    """Simulate a design point.

    Parameters
    ----------
    point : DesignPoint
    data : str or None
        A ``.npz`` file with an array per operand, or a trace; None: drawn from the declared occupancies.
    layers : str
        Layers of a trace whose name matches.
    options : Options
    """
    from simulator.api import simulate
    from simulator.cli.console import progress_bar
    from simulator.cli.workload import workload_of

    chosen: dict[str, Any] = {
        "engine": options.engine,
        "rung": options.rung,
        "verify": options.verify,
        "seed": options.seed,
    }
    with progress_bar(point.name, options.quiet) as report:
        report(0, 1, point.name)
        if data is None:
            return simulate(point, **chosen)
        if data.endswith(ARRAYS):
            return simulate(point, tensors=arrays(point, data), **chosen)
        with workload_of(data, layers) as trace:
            return simulate(point, trace, **chosen)


def arrays(point: DesignPoint, file: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file, by tensor."""
    import numpy as np

    from simulator.lowering.nest import of_file

    if not Path(file).is_file():
        raise InputError(f"no such file: {file}")
    try:
        loaded = np.load(file, allow_pickle=False)
        arrays = (
            {Path(file).stem: loaded}
            if isinstance(loaded, np.ndarray)
            else {n: loaded[n] for n in loaded.files}
        )
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot read {file}: {' '.join(str(error).split())}") from None
    return of_file(arrays, point.product, file)

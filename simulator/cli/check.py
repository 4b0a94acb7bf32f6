"""``check``: validate machines and traces, and whether they go together; nothing is simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from simulator.cli.run import Options
    from simulator.hardware import Machine
    from simulator.workload.layer import Layer
    from simulator.workload.model import Trace


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(files: tuple[str, ...]) -> None:
    """Validate machines (.yaml, or a name) and traces (.h5); with both, also whether each trace can run on each machine."""
    from simulator.hardware import Machine
    from simulator.workload.model import Trace

    found, faults = _load(files)
    machines = {text: item for text, item in found.items() if isinstance(item, Machine)}
    traces = {text: item for text, item in found.items() if isinstance(item, Trace)}
    for text, trace in traces.items():
        faults += [(text, error) for error in _patterns(trace)]
    wrong = {text for text, _ in faults}
    for name, machine in machines.items():
        for text in traces.keys() - wrong:
            faults += [(f"{text} on {name}", error) for error in _together(machine, traces[text])]
    _report(files, wrong, faults)
    for text in traces.keys() - wrong:
        for name, machine in machines.items():
            _tell_forecast(f"{text} on {name}", [machine], traces[text])
    for trace in traces.values():
        trace.close()


def dry_run(machines: Sequence[Machine], trace: Trace, options: Options) -> None:
    """Check that every layer runs on every machine, and say what it will take.

    Raises
    ------
    InputError, InfeasibleError
        The first layer that does not.
    """
    from simulator.cli.unfinished import as_baseline

    for i, machine in enumerate(machines):
        for layer in (as_baseline(machine, trace) if i else trace).layers:
            for error in _lowers(machine, layer):
                raise error
    _tell_forecast(f"{trace.name} on {', then '.join(m.name for m in machines)}", machines, trace, options)


def _tell_forecast(
    what: str, machines: Sequence[Machine], trace: Trace, options: Options | None = None
) -> None:
    from simulator.cli.progress import forecasts_of, told
    from simulator.cli.run import Options

    options = options or Options("fast", "truth", "auto", 0, True)
    click.echo(f"estimated: {what}: {told(forecasts_of(machines, trace, options))}")


def _report(files: tuple[str, ...], wrong: set[str], faults: list[tuple[str, SimulatorError]]) -> None:
    for text in dict.fromkeys(files):
        if text not in wrong:
            click.echo(f"ok {text}")
    for text, error in faults:
        _tell(text, error)
    if faults:
        inputs = any(isinstance(error, InputError) for _, error in faults)
        raise click.exceptions.Exit(InputError.exit_code if inputs else faults[0][1].exit_code)


def _load(files: tuple[str, ...]) -> tuple[dict[str, object], list[tuple[str, SimulatorError]]]:
    from simulator.api import load

    found: dict[str, object] = {}
    faults: list[tuple[str, SimulatorError]] = []
    for text in dict.fromkeys(files):
        try:
            found[text] = load(text)
        except SimulatorError as error:
            faults.append((text, error))
    return found, faults


def _tell(text: str, error: SimulatorError) -> None:
    for line in str(error).splitlines():
        click.echo(f"error: {line if text in line else f'{text}: {line}'}", err=True)


def _patterns(trace: Trace) -> Iterator[SimulatorError]:
    """Layers whose operands are damaged or whose weights do not satisfy their declared pattern."""
    for layer in trace.layers:
        try:
            for tensor in filter(None, (layer.weights, layer.inputs, layer.outputs_mask)):
                tensor.check()
            layer.check_pattern()
        except SimulatorError as error:
            yield error


def _together(machine: Machine, trace: Trace) -> Iterator[SimulatorError]:
    """Layers the machine cannot run."""
    for layer in trace.layers:
        yield from _lowers(machine, layer)


def _lowers(machine: Machine, layer: Layer) -> Iterator[SimulatorError]:
    from simulator.api import lowered_layer

    try:
        lowered_layer(machine, layer)
    except SimulatorError as error:
        yield error

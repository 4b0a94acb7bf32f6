"""How far a run is: a bar with layers done, cycles per second and the time left, on stderr where somebody watches.

The time left is the forecast of the layers that are not done (:mod:`simulator.api.forecast`), scaled by how long those that are
done took of theirs, less the time since the last one; before any is done, the forecast itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from simulator.api.forecast import Forecast
    from simulator.cli.run import Options
    from simulator.hardware import Machine
    from simulator.workload.model import Trace

LONG = 60.0
"""Seconds of a forecast from which it is told also where nobody watches."""


class Watch:
    """Time left of a run whose layers were forecast.

    Parameters
    ----------
    seconds : sequence of float
        Forecast of every layer of every machine, in order.
    clock : callable
        Seconds, for example :func:`time.monotonic`.
    """

    def __init__(self, seconds: Sequence[float], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._waiting = clock, sum(seconds)
        self._start = self._last = clock()
        self._done = 0.0
        self.layers, self.of = 0, len(seconds)
        self.cycles = 0

    def kept(self, seconds: float) -> None:
        """A layer was finished by a run before: it tells nothing of the speed of this one."""
        self.layers += 1
        self._waiting -= seconds
        self._start = self._last = self._clock()

    def finished(self, seconds: float, cycles: int) -> None:
        """A layer was finished, forecast to take so long."""
        self.layers += 1
        self.cycles += cycles
        self._waiting -= seconds
        self._done += seconds
        self._last = self._clock()

    def left(self) -> float:
        """Seconds left, never negative."""
        scale = (self._last - self._start) / self._done if self._done > 0 else 1.0
        return max(0.0, scale * self._waiting - (self._clock() - self._last))

    def rate(self, cycle: int = 0) -> float:
        """Cycles simulated per second, those of the layer at work included."""
        elapsed = self._clock() - self._start
        return (self.cycles + cycle) / elapsed if elapsed > 0 else 0.0

    def text(self, cycle: int = 0) -> str:
        """What the bar says at its end."""
        rate = self.rate(cycle)
        speed = f"{_short(rate)} cycles/s  " if rate else ""
        return f"{speed}about {span(self.left())} left"


def span(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: float) -> str:
    """Bytes as a person says them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _short(value: float) -> str:
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= scale:
            return f"{value / scale:.1f} {unit}"
    return f"{value:.0f} "


def told(forecasts: Sequence[Forecast]) -> str:
    """What machines one after the other will take, in a line."""
    parts = [each.seconds for each in forecasts]
    peak = max((each.memory_bytes for each in forecasts), key=lambda memory: memory.value)
    time_, low, high = (
        sum(getattr(part, name) for part in parts) - sum(getattr(each.start, name) for each in forecasts[1:])
        for name in ("value", "low", "high")
    )
    return (
        f"about {span(time_)} ({span(low)} to {span(high)}) and {size(peak.value)} of memory "
        f"({size(peak.low)} to {size(peak.high)})"
    )


class Progress:
    """The bar of a run of several machines on the same layers."""

    def __init__(
        self,
        machines: Sequence[Machine],
        trace: Trace,
        forecasts: Sequence[Forecast],
        draw: Callable[..., None],
    ) -> None:
        self._names = [layer.name for layer in trace.layers]
        self._machines = [machine.name for machine in machines]
        self._seconds = [dict(zip(self._names, each.by_layer, strict=True)) for each in forecasts]
        self.watch = Watch([value for each in forecasts for value in each.by_layer])
        self._draw, self._turn, self._kept, self._finished = draw, 0, 0, 0

    def begin(self, turn: int, kept: int = 0) -> None:
        """The machine of that number begins; so many layers of it were finished by a run before."""
        self._turn, self._kept, self._finished = turn, kept, 0
        self.tell(0)

    def step(self, name: str, cycles: int) -> None:
        """A layer is finished."""
        seconds = self._seconds[self._turn][name]
        if self._kept:
            self._kept -= 1
            self.watch.kept(seconds)
        else:
            self.watch.finished(seconds, cycles)
        self._finished += 1
        self.tell(0)

    def tell(self, cycle: int) -> None:
        """The layer at work has come to a cycle."""
        name = self._names[min(self._finished, len(self._names) - 1)]
        at = f" cycle {cycle:,}" if cycle else ""
        what = f"{self._machines[self._turn]} {name}{at}"
        self._draw(self.watch.layers, self.watch.of, what, self.watch.text(cycle))


@contextmanager
def progress(machines: Sequence[Machine], trace: Trace, options: Options) -> Iterator[Progress]:
    """What a run reports to: it says first what the run will take, then moves a bar; both only where they are wanted."""
    watched = sys.stderr.isatty() and not options.quiet
    forecasts = forecasts_of(machines, trace, options)
    if not options.quiet and (watched or sum(each.seconds.value for each in forecasts) >= LONG):
        click.echo(f"estimated: {told(forecasts)}", err=True)
    if not watched:
        yield Progress(machines, trace, forecasts, lambda *_: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("layers  {task.fields[told]}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(machines[0].name, total=None, told="")

        def draw(done: int, of: int, what: str, words: str) -> None:
            bar.update(task, completed=done, total=of, description=what, told=words)

        yield Progress(machines, trace, forecasts, draw)


def forecasts_of(machines: Sequence[Machine], trace: Trace, options: Options) -> list[Forecast]:
    """What each machine will take."""
    from simulator.api.forecast import forecast
    from simulator.api.processes import jobs_of

    jobs = jobs_of(options.jobs)
    return [forecast(machine, trace.layers, options.engine, options.verify, jobs) for machine in machines]

"""What results are called in one picture, and the layers they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.errors import InputError
from simulator.record.result import LayerResult, Result

MOST = 7
"""Results in one picture: as many as there are colours."""


@dataclass(frozen=True)
class Labelled:
    """A result and what it is called.

    Attributes
    ----------
    label : str
    result : Result
    """

    label: str
    result: Result

    def layer(self, name: str) -> LayerResult | None:
        """Its layer of that name."""
        return next((layer for layer in self.result.layers if layer.name == name), None)


def labelled(results: Sequence[Result], places: Sequence[str], labels: Sequence[str] = ()) -> list[Labelled]:
    """Results under labels that differ: those given, else their machines where these differ, else the places they come from.

    Raises
    ------
    InputError
        Too many results, labels for other than all of them, or two that are the same.
    """
    if len(results) > MOST:
        raise InputError(f"{len(results)} results in one picture: at most {MOST}")
    if labels and len(labels) != len(results):
        raise InputError(f"{len(labels)} labels for {len(results)} results: must be as many")
    machines, traces = [r.machine for r in results], [r.trace for r in results]
    found = list(labels)
    if not found and len(set(machines)) == len(machines):
        found = machines
    elif not found:
        same = len(set(machines)) == 1 and len(set(traces)) == len(traces)
        found = traces if same else [f"{m} ({p})" for m, p in zip(machines, places, strict=True)]
    if len(set(found)) != len(found):
        raise InputError(f"labels {', '.join(found)}: must differ; name results with --label")
    return [Labelled(label, result) for label, result in zip(found, results, strict=True)]


def rows_of(results: Sequence[Labelled]) -> list[str]:
    """Names of all layers with cycles, in the order they are first met.

    Raises
    ------
    InputError
        There are none.
    """
    names = [layer.name for each in results for layer in each.result.layers if layer.cycles]
    if not names:
        raise InputError(f"{', '.join(each.label for each in results)}: no cycles to draw")
    return list(dict.fromkeys(names))


def title(what: str, results: Sequence[Labelled]) -> str:
    """``Stalls: digits on a, b and c``."""
    traces = list(dict.fromkeys(each.result.trace for each in results))
    names = [each.label for each in results]
    return f"{what}: {', '.join(traces)} on {', '.join(names[:-1])} and {names[-1]}"

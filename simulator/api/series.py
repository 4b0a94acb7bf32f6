"""Series of terms for a network's layers: what a layer costs with one, and the search of the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.api.arguments import overridden
from simulator.api.loading import load
from simulator.api.simulation import simulate, versions
from simulator.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from simulator.analytical.series import Resources
    from simulator.hardware.machine import Machine
    from simulator.hardware.organisations.stationary import Stationary
    from simulator.search.tasder import Choice, Choices, Cost, Found, Journal
    from simulator.search.tasder.greedy import Tell
    from simulator.search.tasder.subject import Subject
    from simulator.workload.layer import Layer

SIMULATOR, FORMULA = "simulator", "formula"
SOURCES = (SIMULATOR, FORMULA)
"""Where the cost of a layer is from: the cycle engine, or a closed form (:mod:`simulator.analytical.series`)."""


def series_machine(machine: Machine | str | Path, overrides: Mapping[str, str] | None = None) -> Stationary:
    """A machine that runs series of terms.

    Raises
    ------
    InputError
        It is no machine, or runs none.
    """
    from simulator.hardware import names
    from simulator.hardware.machine import Machine as Specification
    from simulator.hardware.organisations.stationary import Stationary as Organisation

    loaded = load(machine) if isinstance(machine, (str, Path)) else machine
    if not isinstance(loaded, Specification):
        raise InputError(f"{machine}: expected a machine")
    loaded = overridden(loaded, overrides)
    if not isinstance(loaded, Organisation) or loaded.datapath.terms is None:
        choices = ", ".join(name for name in names() if name.startswith("ttc_"))
        raise InputError(f"machine {loaded.name!r}: runs no series of terms; choices: {choices}")
    return loaded


def search_series(
    machine: Machine | str | Path,
    subject: Subject,
    objective: str = "edp",
    source: str = SIMULATOR,
    least: float = 0.99,
    sides: tuple[str, ...] = ("weights", "inputs"),
    overrides: Mapping[str, str] | None = None,
    journal: Path | None = None,
    tell: Tell | None = None,
) -> Found:
    """Search a series for every layer of a network (TASDER).

    Parameters
    ----------
    machine : Machine, or a name or path of one
        One that runs series: ``ttc_*``.
    subject : Subject
        The network: :mod:`simulator.search.tasder.recorded`, ``digits``, ``transformer``, or one of your own.
    objective : str
        ``cycles``, ``energy`` or ``edp``, of all layers together.
    source : str
        ``simulator`` or ``formula``: see :data:`SOURCES`.
    least : float
        Share of the original quality that must be kept.
    sides : tuple of str
        What may be decomposed; inputs only on machines with TASD units.
    overrides : mapping of str to str
        Machine parameters by dotted path.
    journal : Path, optional
        Where measurements are kept, so that the same call continues after an interruption.
    tell : callable, optional
        Told what is being done, how much of it is done, and of how much.

    Returns
    -------
    Found

    Raises
    ------
    InputError
        The machine runs no series, an unknown objective, source or side, a share that is none, a journal of another search.
    """
    from simulator.api.keeping import sources
    from simulator.search.tasder import Journal as Kept
    from simulator.search.tasder import search

    target = series_machine(machine, overrides)
    if source not in SOURCES:
        raise InputError(f"cost from {source!r}: choices: {', '.join(SOURCES)}")
    moves = series_moves(target, subject, sides)
    told = {"machine": target.digest, "source": source, "subject": subject.state, "sides": list(sides)}
    told |= {"versions": versions(), "sources": sources()}
    kept = None if journal is None else Kept(journal, told)
    costs, quality = _remembered_costs(target, subject, source, kept), _remembered_quality(subject, kept)
    found = search(moves, costs, quality, objective, least, tell)
    if source == SIMULATOR:
        return found
    return _confirmed(
        found, _remembered_costs(target, subject, SIMULATOR, kept), quality, tuple(moves), objective
    )


def _confirmed(
    found: Found,
    cost: Callable[[str, Choice | None], Cost],
    quality: Callable[[Choices], float],
    layers: tuple[str, ...],
    objective: str,
) -> Found:
    """What a closed form found, simulated; without the series that gain nothing then."""
    from simulator.search.tasder import Cost

    def total(choices: Choices) -> Cost:
        return sum((cost(name, choices.get(name)) for name in layers), Cost(0, 0.0))

    choices = dict(found.choices)
    for name in sorted(choices):
        without = {other: choice for other, choice in choices.items() if other != name}
        if total(without).of(objective) <= total(choices).of(objective):
            choices = without
    kept = quality(choices)
    return replace(
        found,
        choices=choices,
        quality=kept,
        plain=total({}),
        cost=total(choices),
        measured=found.measured + 1,
    )


def series_moves(machine: Stationary, subject: Subject, sides: tuple[str, ...]) -> dict[str, list[Choice]]:
    """What may be tried of every layer: see :func:`simulator.search.tasder.candidates`."""
    from simulator.datapath.row_wise import menu
    from simulator.search.tasder.candidates import candidates
    from simulator.search.tasder.candidates import menu as series_of
    from simulator.transform.tasd import SIDES

    wrong = [side for side in sides if side not in SIDES]
    if wrong or not sides:
        raise InputError(f"sides {', '.join(sides) or 'none'}: choices: {', '.join(SIDES)}")
    if machine.components.tasd is None:
        sides = tuple(side for side in sides if side != "inputs")
        if not sides:
            raise InputError(
                f"machine {machine.name!r}: has no TASD units, which series of inputs need; choices: weights"
            )
    ns, length = menu(machine)
    assert machine.datapath.terms is not None
    series = series_of(ns, length, machine.datapath.terms.value)
    moves: dict[str, list[Choice]] = {}
    for layer in subject.layers:
        moves[layer.name] = []
        if layer.name in subject.searched:
            told = {side: tensor for side, tensor in subject.tensors(layer.name).items() if side in sides}
            moves[layer.name] = [(each.side, each.series.text) for each in candidates(told, series)]
    return moves


def layer_cost(machine: Stationary, layer: Layer, choice: Choice | None, source: str = SIMULATOR) -> Cost:
    """Cycles and energy of a layer with a series, or as it is.

    Raises
    ------
    InputError, InfeasibleError
        See :func:`simulate`.
    """
    from simulator.search.tasder import Cost
    from simulator.transform.tasd import Asked, parse, with_series

    if (
        source == FORMULA and choice is not None
    ):  # as it is a layer is simulated: its rows may need few values
        from simulator.analytical.series import estimate

        return Cost(*estimate(resources(machine), layer, Asked(choice[0], parse(choice[1]))))
    whole = layer if choice is None else with_series(layer, *choice)
    result = simulate(machine, whole, verify=False)
    return Cost(result.cycles, result.energy)


def resources(machine: Stationary) -> Resources:
    """What the closed form knows of a machine."""
    from simulator.analytical.series import Resources as Told
    from simulator.datapath.row_wise import menu, offset_bits, window
    from simulator.lowering.stationary_layer import splits

    ns, length = menu(machine)
    parts = machine.components
    for name in ("weights", "inputs", "outputs"):
        bits = getattr(machine.value_bits, name).value
        if bits != 8:
            raise InputError(
                f"cost from {FORMULA!r}: is for values of 8 b, {name} have {bits} b; choices: {SIMULATOR}"
            )
    return Told(
        parts.array.multipliers,
        parts.array.arrays.value,
        window(machine, length),
        parts.array.columns.value,
        splits(parts.array),
        parts.glb.read_bandwidth.value,
        parts.dram.peak(machine.clock.value),
        parts.glb.row.value,
        offset_bits(machine, ns[0], length),
        None if parts.tasd is None else parts.tasd.units.value,
        {name: float(row.energy_pj) for name, row in machine.table.rows.items()},
    )


def _remembered_costs(
    machine: Stationary, subject: Subject, source: str, kept: Journal | None
) -> Callable[[str, Choice | None], Cost]:
    from simulator.search.tasder import Cost

    layers = {
        layer.name: replace(layer, outputs_mask=None, outputs_provenance="declared dense")
        for layer in subject.layers
    }

    def cost(name: str, choice: Choice | None) -> Cost:
        key = ["cost", source, name, choice]
        known = None if kept is None else kept.get(key)
        if known is None:
            try:
                found = layer_cost(machine, layers[name], choice, source)
                known = [found.cycles, found.energy_pj]
            except InfeasibleError:
                if choice is None:
                    raise
                known = [1 << 50, 1e30]  # never chosen
            if kept is not None:
                kept.put(key, known)
        return Cost(int(known[0]), float(known[1]))

    return cost


def _remembered_quality(subject: Subject, kept: Journal | None) -> Callable[[Choices], float]:
    def quality(choices: Choices) -> float:
        key = ["quality", sorted((name, *choice) for name, choice in choices.items())]
        known = None if kept is None else kept.get(key)
        if known is None:
            known = subject.quality(choices)
            if kept is not None:
                kept.put(key, known)
        return float(known)

    return quality

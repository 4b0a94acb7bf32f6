"""What a page says in words and numbers; the same numbers as the summary, in the units of their headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from simulator.record.result import LayerResult, Result
from simulator.record.states import STATES
from simulator.report.colours import MEANING, STATE
from simulator.report.table import table
from simulator.report.words import RUNGS, count, digits, microjoule, percent

_FIDELITY = ("modelled", "approximated", "left_out")


def content(result: Result, baseline: Result | None) -> dict[str, Any]:
    """Everything of a page but its pictures."""
    whole = baseline if baseline is not None and len(baseline.layers) == len(result.layers) else None
    columns, rows = table(result, whole)
    notes = _notes(result.config)
    return {
        "title": f"{result.trace} on {result.machine}",
        "description": notes.get("description", ""),
        "reference": notes.get("reference", ""),
        "complete": result.complete,
        "summary": _summary(result, whole),
        "columns": columns,
        "rows": rows,
        "states": _states(result),
        "state_names": [(state, MEANING[state], STATE[state]) for state in STATES],
        "energy": _energy(result),
        "assumptions": list(dict.fromkeys(text for layer in result.layers for text in layer.assumptions)),
        "fidelity": [(name.replace("_", " "), _lines(notes.get("fidelity"), name)) for name in _FIDELITY],
        "choices": [(layer.name, layer.choices) for layer in result.layers],
        "config": result.config,
        "provenance": _provenance(result),
    }


def _summary(result: Result, baseline: Result | None) -> list[tuple[str, str]]:
    found = [
        ("cycles", f"{result.cycles:,}"),
        (
            "time at its clock",
            f"{digits(result.cycles / result.clock_hz * 1e6)} us ({result.clock_hz / 1e9:g} GHz)",
        ),
        ("energy", microjoule(result.energy)),
        ("energy-delay product", f"{result.edp:.4g} pJ x cycles"),
        ("utilisation", percent(result.utilisation)),
        ("bound by", result.bound),
        ("layers", str(len(result.layers))),
        ("dense multiplications", f"{sum(layer.macs['dense'] for layer in result.layers):,}"),
        ("effectual multiplications", f"{sum(layer.macs['effectual'] for layer in result.layers):,}"),
        ("outputs checked", _checked(result)),
    ]
    if baseline is not None and result.cycles and result.energy:
        found += [
            (f"speed-up over {baseline.machine}", f"{baseline.cycles / result.cycles:.2f}x"),
            (f"energy gain over {baseline.machine}", f"{baseline.energy / result.energy:.2f}x"),
        ]
    return found


def _checked(result: Result) -> str:
    done = sum(layer.verification.outputs for layer in result.layers)
    return f"{done:,} of {count(sum(layer.verification.of for layer in result.layers), 'output')}, equal to the dense einsum"


def _states(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    """Per component, the share of cycles in each state, over all layers."""
    totals: dict[str, dict[str, int]] = {}
    cycles: dict[str, int] = {}
    for layer in result.layers:
        for part in layer.components:
            into = totals.setdefault(part.group, {})
            cycles[part.group] = cycles.get(part.group, 0) + layer.cycles
            for state, value in part.intervals.totals().items():
                into[state] = into.get(state, 0) + value
    return [
        (name, [(state, percent(found[state] / cycles[name])) for state in STATES])
        for name, found in totals.items()
        if cycles[name]
    ]


def _energy(result: Result) -> list[tuple[str, str, str]]:
    """Component, microjoules, share; largest first."""
    totals: dict[str, float] = {}
    for layer in result.layers:
        _add(totals, layer)
    ranked = sorted(totals.items(), key=lambda each: -each[1])
    return [(name, digits(value / 1e6), percent(value / result.energy)) for name, value in ranked if value]


def _add(totals: dict[str, float], layer: LayerResult) -> None:
    groups = {part.name: part.group for part in layer.components}
    for name, actions in layer.energy_pj.items():
        group = groups.get(name, name)
        totals[group] = totals.get(group, 0.0) + sum(actions.values())


def _notes(config: str) -> Mapping[str, Any]:
    """The description of the machine where it is a mapping; a design point's says these things in its own sections."""
    try:
        found = yaml.safe_load(config)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _lines(notes: Any, name: str) -> list[str]:
    found = notes.get(name, []) if isinstance(notes, dict) else []
    return [str(line) for line in found] if isinstance(found, list) else []


def _provenance(result: Result) -> list[tuple[str, str]]:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return [
        ("digest", result.digest),
        ("trace digest", result.trace_digest),
        ("rung", RUNGS.get(result.rung, result.rung)),
        ("engine", result.engine),
        ("seed", str(result.seed)),
        ("versions", versions),
    ]

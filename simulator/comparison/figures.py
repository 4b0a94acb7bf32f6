"""What an estimate and a simulation both tell of a layer, in the same units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulator.mapping.design_point import DesignPoint
from simulator.record.comparison import Figure
from simulator.record.estimate import ACCESSES, Counts, Estimate

_STATES = {"actual": "", "gated": "gated ", "skipped": "skipped "}


@dataclass(frozen=True)
class Truth:
    """What a simulation tells.

    Attributes
    ----------
    computes : dict of str to int
        Multiplications ``computed`` and ``gated``, ``skipped`` where it is counted.
    accesses : mapping of str to mapping of str to mapping of str to Counts
        Per memory, tensor and access, in words; empty when the simulation counts bytes.
    traffic : mapping of str to mapping of str to int
        Bytes moved per memory and tensor; empty when it counts accesses.
    energy_pj : float or None
        None without costs.
    """

    computes: dict[str, int]
    accesses: Mapping[str, Mapping[str, Mapping[str, Counts]]]
    traffic: Mapping[str, Mapping[str, int]]
    energy_pj: float | None = None


def figures(estimate: Estimate, truth: Truth, point: DesignPoint | None) -> tuple[Figure, ...]:
    """Everything told by both: multiplications, accesses or traffic per memory and tensor, energy."""
    found = [*_computes(estimate, truth), *_accesses(estimate, truth)]
    if point is not None:
        found += _traffic(estimate, truth, point)
    if estimate.energy_pj and truth.energy_pj:
        found.append(Figure("all", "", "energy", "pj", estimate.energy, truth.energy_pj))
    return tuple(found)


def _computes(estimate: Estimate, truth: Truth) -> Iterator[Figure]:
    told = {
        "computed": estimate.computes.actual,
        "gated": estimate.computes.gated,
        "skipped": estimate.computes.skipped,
    }
    for name, count in truth.computes.items():
        if count or told[name]:
            yield Figure("compute", "", name, "multiplications", float(told[name]), count)


def _accesses(estimate: Estimate, truth: Truth) -> Iterator[Figure]:
    levels = {level.name: level.tensors for level in estimate.levels}
    known = {kind for level in estimate.levels for counts in level.tensors.values() for kind in counts}
    kinds = [
        kind for kind in ACCESSES if kind in known
    ]  # what the model does not count anywhere it does not tell
    for memory, tensors in truth.accesses.items():
        for tensor, counts in tensors.items():
            told = levels.get(memory, {}).get(tensor)
            for access in kinds if told is not None else ():
                one, other = (told or {}).get(access, Counts()), counts.get(access, Counts())
                for state, name in _STATES.items():
                    if getattr(one, state) or getattr(other, state):
                        said = name + access.replace("_", " ")
                        both = float(getattr(one, state)), getattr(other, state)
                        yield Figure(memory, tensor, said, "words", *both)


def _traffic(estimate: Estimate, truth: Truth, point: DesignPoint) -> Iterator[Figure]:
    levels = {level.name: level.tensors for level in estimate.levels}
    memories = {memory.name: memory for memory in point.hierarchy.storage}
    for name, tensors in truth.traffic.items():
        if name not in levels or name not in memories:
            continue
        word, metadata = memories[name].word_bits, memories[name].metadata_bits
        for tensor, moved in tensors.items():
            counts = levels[name].get(tensor)
            if counts is not None:
                bits = sum(
                    word * _words(counts, a) + metadata * _words(counts, f"metadata_{a}") for a in _CROSSING
                )
                yield Figure(name, tensor, "moved", "bytes", bits / 8, moved)


_CROSSING = ("reads", "updates", "drains")
"""Accesses of an outermost memory: all but fills, which it has none of."""


def _words(counts: Mapping[str, Counts], access: str) -> float:
    return float(counts.get(access, Counts()).actual)

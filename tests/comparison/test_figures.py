"""Figures of an estimate beside a simulation: what both tell, and nothing else."""

from __future__ import annotations

from simulator.comparison.figures import Truth, figures
from simulator.record.estimate import Counts, Estimate, LevelEstimate


def told(kinds: dict[str, int], truth: dict[str, int]) -> list[tuple[str, float, float]]:
    tensors = {"Z": {kind: Counts(n, n) for kind, n in kinds.items()}}
    estimate = Estimate(
        "file", "point", 10, 10, Counts(8, 8), (LevelEstimate("buffer", 1, 1, 10, 1.0, tensors),)
    )
    accesses = {"buffer": {"Z": {kind: Counts(n, n) for kind, n in truth.items()}}}
    found = figures(estimate, Truth({"computed": 8}, accesses, {}), None)
    return [(each.quantity, each.estimate, each.truth) for each in found if each.component == "buffer"]


def test_accesses_an_estimate_counts_nowhere_are_left_out() -> None:
    assert told({"reads": 4, "updates": 6}, {"reads": 5, "updates": 6, "drains": 6}) == [
        ("reads", 4.0, 5),
        ("updates", 6.0, 6),
    ]


def test_accesses_it_counts_are_told_where_there_are_none() -> None:
    assert told({"reads": 4, "drains": 0}, {"reads": 4, "drains": 3}) == [
        ("reads", 4.0, 4),
        ("drains", 0.0, 3),
    ]

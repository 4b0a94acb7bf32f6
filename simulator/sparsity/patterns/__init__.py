"""Patterns: rules on which elements may be non-zero."""

from simulator.sparsity.patterns.choice import best_choice
from simulator.sparsity.patterns.dense import Dense
from simulator.sparsity.patterns.family import Family
from simulator.sparsity.patterns.hss import Hss
from simulator.sparsity.patterns.pattern import Pattern, Violation
from simulator.sparsity.patterns.recorded import Recorded
from simulator.sparsity.patterns.terms import Part, Terms
from simulator.sparsity.patterns.text import parse
from simulator.sparsity.patterns.unstructured import Unstructured

__all__ = [
    "Dense",
    "Family",
    "Hss",
    "Part",
    "Pattern",
    "Recorded",
    "Terms",
    "Unstructured",
    "Violation",
    "best_choice",
    "parse",
]

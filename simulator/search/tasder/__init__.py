"""TASDER: which series each layer of a network runs as, so that it costs least and stays as good as it must."""

from simulator.search.tasder.candidates import Candidate, candidates, pseudo_density
from simulator.search.tasder.greedy import OBJECTIVES, Choice, Choices, Cost, Found, Step, search
from simulator.search.tasder.journal import Journal
from simulator.search.tasder.series_file import read, write

__all__ = [
    "OBJECTIVES",
    "Candidate",
    "Choice",
    "Choices",
    "Cost",
    "Found",
    "Journal",
    "Step",
    "candidates",
    "pseudo_density",
    "read",
    "search",
    "write",
]

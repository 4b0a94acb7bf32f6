"""TASD: a tensor as a sum of structured terms and what is left (Jeong et al., arXiv 2403.07953)."""

from simulator.transform.tasd.asked import SIDES, Asked, apply, asked, with_series, without_series
from simulator.transform.tasd.decomposition import Decomposition, decompose
from simulator.transform.tasd.series import Series, parse

__all__ = [
    "SIDES",
    "Asked",
    "Decomposition",
    "Series",
    "apply",
    "asked",
    "decompose",
    "parse",
    "with_series",
    "without_series",
]

"""Sparseloop-class analytical model: dense traffic, sparse features, micro-architecture."""

from __future__ import annotations

from functools import partial

from simulator.analytical.sparseloop.batch import Evaluations, Mappings, evaluate, nest_of
from simulator.analytical.sparseloop.model import estimate
from simulator.analytical.sparseloop.modes import ARTIFACT, MODES, TIMELOOP_2022, TIMELOOP_HEAD

release_2022 = partial(estimate, mode=TIMELOOP_2022.name)
"""The numbers of the public release of July 2022."""

artifact_2022 = partial(estimate, mode=ARTIFACT.name)
"""The numbers of the MICRO 2022 artifact, made with a private build."""

release_2025 = partial(estimate, mode=TIMELOOP_HEAD.name)
"""The numbers of the public release of March 2025."""

__all__ = [
    "MODES",
    "Evaluations",
    "Mappings",
    "artifact_2022",
    "estimate",
    "evaluate",
    "nest_of",
    "release_2022",
    "release_2025",
]

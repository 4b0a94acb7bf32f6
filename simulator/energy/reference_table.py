"""Energy and area per action of named components, as given with a design point (Accelergy's ERT and ART).

A component is found by the last part of its dotted path, index ranges left out; where an action is told several times with
different arguments the largest counts. Actions fall back along a chain, e.g. a gated read on a gated write; the chains are those
of Timeloop (include/model/topology.hpp at 4cf6d4c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_RANGE = re.compile(r"\[[^\]]*\]")


def component_name(path: str) -> str:
    """Last part of a dotted path without index ranges: ``system.PE[0..255].LRF`` is ``LRF``."""
    return _RANGE.sub("", path).rsplit(".", 1)[-1]


@dataclass(frozen=True)
class ReferenceTable:
    """Energy per action in pJ and area in um2, by component.

    Attributes
    ----------
    energy_pj : dict of str to dict of str to float
        ``energy_pj["LRF"]["read"]``.
    area_um2 : dict of str to float
        Area of one instance.
    source : str
        Where it was read.
    """

    energy_pj: dict[str, dict[str, float]] = field(default_factory=dict)
    area_um2: dict[str, float] = field(default_factory=dict)
    source: str = ""

    def find(self, component: str, chain: tuple[str, ...]) -> float | None:
        """Energy of the first action of `chain` that the component has, in pJ; None when it has none."""
        actions = self.energy_pj.get(component, {})
        return next((actions[name] for name in chain if name in actions), None)

"""Which member of a machine's family of patterns the weights of a layer run as.

A declared pattern must be a member; weights of which nothing is declared run as the sparsest member they satisfy. A rank
with room for all its positions (G = H) says nothing, so patterns are compared without such upper ranks: 2:4 is
C1(4:4)->C0(2:4).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.patterns import Hss, Pattern, best_choice, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView

_UNDECLARED = ("recorded", "dense")

Holds = Callable[[Hss, NDArray[np.bool_]], bool]
"""Whether a mask, shape (rows, K), that satisfies a pattern can be stored as that pattern."""


def member(machine: Stationary, layer: Layer, holds: Holds | None = None) -> Hss:
    """The member of ``datapath.weights`` that `layer`'s weights run as.

    Parameters
    ----------
    machine : Stationary
    layer : Layer
    holds : callable, optional
        What the weights must obey besides the pattern.

    Raises
    ------
    InputError
        The declared pattern is no member, or the weights do not satisfy it, or can be stored as no member.
    """
    layer.check_pattern()
    family = parse(machine.datapath.weights)
    choice = _declared(family, layer)
    if choice is None:
        return _sparsest(family, layer, holds)
    if not isinstance(choice, Hss) or choice not in family.choices():
        raise InputError(
            f"layer {layer.name!r}: machine {machine.name!r} does not support weights {choice.text}; it supports "
            f"{family.text}. Declare 'recorded' to run the weights as the densest pattern they need."
        )
    if holds is not None and not holds(choice, _mask(layer)):
        raise InputError(
            f"layer {layer.name!r}: machine {machine.name!r} cannot store its weights as {choice.text}: their offsets do not "
            "fit; declare 'recorded' to run them as a denser pattern"
        )
    return choice


def _declared(family: Pattern, layer: Layer) -> Pattern | None:
    """The declared pattern as the family writes it, None when the weights decide."""
    return _named(family, layer.pattern) if layer.pattern else None


@lru_cache(maxsize=256)
def _named(family: Pattern, pattern: str) -> Pattern | None:
    """See :func:`_declared`."""
    declared = parse(pattern)
    if declared is None or declared.text in _UNDECLARED or declared.text.startswith("unstructured"):
        return None
    for choice in family.choices():
        if isinstance(choice, Hss) and isinstance(declared, Hss) and _ruling(choice) == _ruling(declared):
            return choice
    return declared


def _ruling(pattern: Hss) -> tuple[tuple[int, int], ...]:
    """The ranks without upper ones that are full."""
    ranks = pattern.ranks
    while len(ranks) > 1 and ranks[0][0] == ranks[0][1]:
        ranks = ranks[1:]
    return ranks


def _sparsest(family: Pattern, layer: Layer, holds: Holds | None) -> Hss:
    mask = _mask(layer)
    if holds is None:
        found = best_choice(family, mask, axis=-1)
    else:
        rule = holds
        fits = (
            c
            for c in reversed(family.choices())
            if isinstance(c, Hss) and c.satisfied(mask) and rule(c, mask)
        )
        found = next(fits, None)
    if not isinstance(found, Hss):
        raise InputError(f"layer {layer.name!r}: its weights satisfy no member of {family.text}")
    return found


def _mask(layer: Layer) -> NDArray[np.bool_]:
    view = GemmView(layer)
    return np.concatenate([view.weights_mask(group) for group in range(view.groups)])

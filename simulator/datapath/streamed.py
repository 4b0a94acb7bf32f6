"""Which member of a machine's family of patterns the inputs of a layer satisfy, column by column along K."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InfeasibleError, InputError
from simulator.hardware.organisations.stationary import Stationary
from simulator.sparsity.fibers import CHUNK_ELEMENTS
from simulator.sparsity.fullest import MOST, down
from simulator.sparsity.patterns import Hss, parse
from simulator.workload.layer import Layer
from simulator.workload.matrix import GemmView


def streamed(machine: Stationary, layer: Layer) -> Hss:
    """The sparsest member of ``datapath.streamed`` that all inputs of `layer` satisfy.

    Raises
    ------
    InputError
        The machine names no family.
    InfeasibleError
        The inputs satisfy no member: values are never dropped.
    """
    if machine.datapath.streamed is None:
        raise InputError(
            f"machine {machine.name!r}: datapath.kind {machine.datapath.kind} needs datapath.streamed, the patterns of inputs "
            "that it runs faster"
        )
    family = parse(machine.datapath.streamed)
    left = [member for member in family.choices() if isinstance(member, Hss)]
    view = GemmView(layer)
    step = max(1, CHUNK_ELEMENTS // view.K)
    for group in range(view.groups):
        for n in range(0, view.N, step):
            mask = view.inputs_mask(group, 0, view.K, n, min(view.N, n + step))
            left = _satisfied(left, mask)
    if not left:
        raise InfeasibleError(
            f"layer {layer.name!r} on {machine.name!r}: its inputs satisfy no member of {family.text}; a family with G = H "
            "at every rank runs any"
        )
    return left[-1]


def _satisfied(members: list[Hss], mask: NDArray[np.bool_]) -> list[Hss]:
    """Those members that the columns of a mask satisfy; what a member counts depends on its lengths alone."""
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    found = []
    for member in members:
        lengths = member.lengths[::-1]
        if max(lengths) > MOST:
            if member.satisfied(mask, axis=0):
                found.append(member)
            continue
        if lengths not in known:
            known[lengths] = down(mask, lengths)
        if all(count <= kept for count, kept in zip(known[lengths], member.slots[::-1], strict=True)):
            found.append(member)
    return found

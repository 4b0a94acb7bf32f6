"""A design point on actual tensors as a plan: what every lowering hands over, of a product of any number of tensors.

The functional check is whole: the outputs are those of the nest walked with its tiles decided and its skips applied
(:mod:`products`), and must equal the dense einsum. A rule that leaves out a product that counts is an error of the specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, suggest
from simulator.lowering.nest.counting import Counted, count
from simulator.lowering.nest.dense import dense_outputs
from simulator.lowering.nest.machine import network, slots_of
from simulator.lowering.nest.values import integers
from simulator.mapping.design_point import DesignPoint
from simulator.plan import Plan
from simulator.record.result import Verification


@dataclass(frozen=True)
class NestLayer:
    """A design point ready to run.

    Attributes
    ----------
    point : DesignPoint
    tensors : dict of str to ndarray of int64
        Operands as they are multiplied.
    operands : str
        What is multiplied, in words.
    counted : Counted
        All accesses and products, beat by beat.
    plan : Plan
    """

    point: DesignPoint
    tensors: dict[str, NDArray[np.int64]]
    operands: str
    counted: Counted
    plan: Plan

    @property
    def lanes(self) -> int:
        """Multipliers of the machine."""
        return self.point.hierarchy.compute.instances

    @cached_property
    def macs(self) -> dict[str, int]:
        """Multiplications: dense, effectual, and slots (computed, gated and bubbles)."""
        masks = {name: (array != 0).astype(np.int64) for name, array in self.tensors.items()}
        effectual = int(dense_outputs(self.point.product, masks).sum())
        return {
            "dense": self.point.product.computes,
            "effectual": effectual,
            "slots": int(self.counted.products[0].sum()),
        }

    @cached_property
    def nonzeros(self) -> dict[str, tuple[int, int]]:
        """Per tensor: non-zero elements and elements; of the output those that have an effectual product."""
        found = {
            name: (int(np.count_nonzero(array)), int(array.size)) for name, array in self.tensors.items()
        }
        output = self.point.product.output
        return found | {output.name: (int(self.counted.nonzero_outputs), max(1, output.size))}

    @property
    def traffic(self) -> dict[str, dict[str, int]]:
        """Bytes of data moved per memory and tensor, rounded up."""
        found: dict[str, dict[str, int]] = {}
        for storage in self.point.hierarchy.storage:
            for tensor, accesses in self.counted.counts()[storage.name].items():
                words = sum(told[0] for name, told in accesses.items() if not name.startswith("metadata"))
                found.setdefault(storage.name, {})[tensor] = -(-words * storage.word_bits // 8)
        return found

    @property
    def choices(self) -> dict[str, str]:
        """Mapping, rules chosen among options, tiles held."""
        taken = "; ".join(
            f"{self.point.nest.levels[d.level].level}: {d.follower} <- {', '.join(d.leaders)}"
            for d in self.counted.taken
        )
        slots = {
            storage.name: slots_of(self.counted, level)
            for level, storage in enumerate(self.point.hierarchy.storage)
            if level
        }
        return {
            "mapping": self.point.nest.text,
            "rules": taken or "none",
            "tile_slots": ", ".join(f"{name}: {n}" for name, n in slots.items()) or "none",
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the result rests on beyond the specification."""
        told = [
            "instances below a fan-out wait for each other after every iteration of the temporal loops of the level above it",
            "a port starts one transfer of a program per cycle",
        ]
        if self.counted.steps > 1:
            told.append(f"{self.counted.steps} steps of compute are told as one item")
        return (*told, *(f"not modelled: {text}" for text in self.point.unmodelled))

    def verify(self) -> Verification:
        """Compare all outputs with the dense einsum.

        Raises
        ------
        InputError
            A rule leaves out a product that counts.
        """
        expected, found = dense_outputs(self.point.product, self.tensors), self.counted.outputs
        if not np.array_equal(found, expected):
            place = tuple(int(i) for i in np.argwhere(found != expected)[0])
            raise InputError(
                f"design point {self.point.name!r}: output {list(place)} is {found[place]} as specified and "
                f"{expected[place]} by the einsum {self.point.product.text}: a rule leaves out products that count; rules: "
                f"{self.choices['rules']}"
            )
        return Verification("full", int(found.size), int(found.size), self.operands)


def lower(point: DesignPoint, tensors: Mapping[str, NDArray[Any]], seed: int = 0) -> NestLayer:
    """A design point on actual tensors.

    Parameters
    ----------
    point : DesignPoint
    tensors : mapping of str to ndarray
        Every operand, in the product's shapes, values or masks; the output too, if its non-zeros are known.
    seed : int
        Of integers that stand for operands without integer values.

    Raises
    ------
    InputError
        A tensor that is missing, or of another shape; a specification that does not say a nest that can run.
    """
    product = point.product
    names = [t.name for t in product.tensors]
    for name in tensors:
        if name not in names:
            raise InputError(f"design point {point.name!r}: no tensor {name!r}; {suggest(name, names)}")
    missing = [t.name for t in product.operands if t.name not in tensors]
    if missing:
        raise InputError(f"design point {point.name!r}: no data for {', '.join(missing)} of {product.text}")
    values, told = integers({t.name: np.asarray(tensors[t.name]) for t in product.operands}, seed)
    mask = np.asarray(tensors[product.output.name]) != 0 if product.output.name in tensors else None
    counted = count(point, values, mask)
    return NestLayer(point, values, told, counted, network(counted))

"""A layer on the elements: how the plane is cut, how many filters at a time, and what each element has to do.

The plane is cut into the fewest parts (halving the longer axis) for which every element's tile fits its input RAM and its
accumulators hold a vector's worth of filters; then as many filters at a time as the fullest bank allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.cartesian import Element, Inputs, Places, Service, places, service, store
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.cartesian import Cartesian
from simulator.lowering.cartesian.filters import Filters, filters
from simulator.lowering.cartesian.planes import Axis, Part, Shape, Tile, parts, shape
from simulator.workload.matrix import GemmView


class Pass(NamedTuple):
    """One part of the plane of one image, for one group of channels."""

    group: int
    image: int
    part: int


def element(machine: Cartesian) -> Element:
    """One element of the machine."""
    pes, sums = machine.components.pes, machine.components.accumulators
    return Element(
        pes.weights.value,
        pes.inputs.value,
        machine.components.crossbar.entries.value,
        sums.banks.value,
        sums.row_skew.value,
        sums.filter_skew.value,
    )


def tile_inputs(image: NDArray[Any], tiles: tuple[Tile, Tile], run: int) -> Inputs:
    """A tile of an image (channels, H, W), values or bool, as it is stored."""
    rows, columns = (tile.inputs for tile in tiles)
    held = image[:, rows.first : rows.last, columns.first : columns.last]
    kept = store(np.ascontiguousarray(held).reshape(len(held), -1), run)
    row, column = np.divmod(kept.coordinate, max(1, len(columns)))
    return Inputs(kept.start, row.astype(np.int32), column.astype(np.int32), kept.data)


def landings(made: Shape, part: Part, number: int) -> Places:
    """Where the products of an element go."""

    def along(axis: Axis, tile: Tile, first: int, last: int) -> NDArray[np.int32]:
        origin = tile.inputs.first + axis.padding
        bounds = first, last, tile.window.first
        return places(origin, len(tile.inputs), axis.taps, axis.stride, axis.dilation, bounds)

    (rows, columns), (p, q) = part.tiles[number], part.outputs
    return Places(along(made.rows, rows, p.first, p.last), along(made.columns, columns, q.first, q.last))


@dataclass(frozen=True)
class Context:
    """One layer on one machine, resolved to integers.

    Attributes
    ----------
    machine : Cartesian
    view : GemmView
    shape : Shape
    element : Element
    parts : tuple of Part
    filters_held : int
        Filters at a time.
    """

    machine: Cartesian
    view: GemmView
    shape: Shape
    element: Element
    parts: tuple[Part, ...]
    filters_held: int

    @cached_property
    def _inputs(self) -> dict[tuple[Pass, int], Inputs]:
        return {}

    @cached_property
    def _places(self) -> dict[tuple[int, int], Places]:
        return {}

    @cached_property
    def _service(self) -> dict[tuple[Pass, int, int], Service]:
        return {}

    @property
    def elements(self) -> int:
        """Elements of the machine."""
        return self.machine.components.pes.count

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """All passes in order."""
        made = self.shape
        return tuple(
            Pass(g, b, part)
            for g in range(made.groups)
            for b in range(made.images)
            for part in range(len(self.parts))
        )

    @cached_property
    def filters(self) -> tuple[tuple[Filters, ...], ...]:
        """The filters of every group, as many at a time as are held."""
        return tuple(tuple(self.stored_filters(self.view, g)) for g in range(self.shape.groups))

    def stored_filters(self, view: GemmView, group: int, values: bool = False) -> Iterator[Filters]:
        """Filters of a group, of masks or of integers."""
        fifo = self.machine.components.weights
        most = max(1, fifo.entries.value // 2)
        for m0 in range(0, self.shape.filters, self.filters_held):
            m1 = min(self.shape.filters, m0 + self.filters_held)
            found: NDArray[Any] = view.weights_mask(group, m0, m1)
            if values:
                found = view.weights(group, m0, m1).astype(np.int64)
            yield filters(found, self.shape, m0, self.element.weights, fifo.run.value, most)

    def work(self, at: Pass) -> tuple[int, ...]:
        """Elements at work in a pass."""
        return self.parts[at.part].workers

    def inputs(self, at: Pass, number: int) -> Inputs:
        """What an element stores in a pass."""
        if (at, number) not in self._inputs:
            run = self.machine.components.inputs.run.value
            image = self.view.image_mask(at.group, at.image)
            self._inputs[at, number] = tile_inputs(image, self.parts[at.part].tiles[number], run)
        return self._inputs[at, number]

    def places(self, at: Pass, number: int) -> Places:
        """Where the products of an element go in a pass."""
        key = at.part, number
        if key not in self._places:
            self._places[key] = landings(self.shape, self.parts[at.part], number)
        return self._places[key]

    def service(self, at: Pass, held: int, number: int) -> Service:
        """What the blocks of the `held`-th group of filters ask of an element in a pass."""
        key = at, held, number
        if key not in self._service:
            weights = self.filters[at.group][held].weights
            place = self.places(at, number)
            self._service[key] = service(self.element, weights, self.inputs(at, number), place)
        return self._service[key]

    # --- Sizes --------------------------------------------------------------------------------------------------

    @property
    def weight_bits(self) -> int:
        """Bits of a stored weight with its run."""
        return self.machine.value_bits.weights.value + self.machine.components.weights.run.value

    def input_bits(self, at: Pass, number: int) -> int:
        """Bits of an element's tile."""
        per_entry = self.machine.value_bits.inputs.value + self.machine.components.inputs.run.value
        return len(self.inputs(at, number).data) * per_entry

    def input_bytes(self, at: Pass, number: int) -> int:
        """Bytes of an element's tile as it comes, at least one."""
        return max(1, -(-self.input_bits(at, number) // 8))

    def weight_bytes(self, held: Filters) -> int:
        """Bytes of a group of filters as they come, at least one."""
        return max(1, -(-int(held.entries.sum()) * self.weight_bits // 8))


def context(machine: Cartesian, view: GemmView) -> Context:
    """Cut the plane and choose the filters held; see the module.

    Raises
    ------
    InfeasibleError
        Not even one output and one filter at a time fit.
    """
    made, unit, asked = shape(view.layer.einsum), element(machine), machine.mapping.tile["M"]
    pes, entries = machine.components.pes, machine.components.accumulators.entries.value
    for least in dict.fromkeys((min(made.filters, asked or unit.weights), min(made.filters, asked or 1))):
        for cuts in _cuts(made):
            dealt = tuple(parts(made, cuts, (pes.rows.value, pes.columns.value)))
            held = filters_that_fit(unit, dealt, made.filters, entries)
            if held >= least:
                found = Context(machine, view, made, unit, dealt, min(held, asked or held))
                if _inputs_fit(found):
                    return found
    raise InfeasibleError(
        f"layer {view.layer.name!r} on {machine.name!r}: one output and {asked or 1} filters at a time do not fit; raise "
        "inputs.capacity or accumulators.entries, or lower mapping.tile.M"
    )


def _cuts(made: Shape) -> Iterator[tuple[int, int]]:
    sizes, cuts = (made.rows.outputs, made.columns.outputs), [1, 1]
    while True:
        yield cuts[0], cuts[1]
        left = [-(-size // cut) for size, cut in zip(sizes, cuts, strict=True)]
        axis = int(left[1] > left[0])
        if left[axis] == 1:
            return
        cuts[axis] = min(sizes[axis], 2 * cuts[axis])


def _inputs_fit(found: Context) -> bool:
    capacity = 8 * found.machine.components.inputs.capacity.value
    return all(found.input_bits(at, number) <= capacity for at in found.passes for number in found.work(at))


def filters_that_fit(unit: Element, dealt: tuple[Part, ...], filters: int, entries: int) -> int:
    """Filters whose windows fit every element's banks of so many entries, at most `filters`."""
    windows = {window for part in dealt for window in part.windows}
    for window in {w for w in windows if 0 not in w}:
        filters = min(filters, _in_banks(unit, window, filters, entries))
    return filters


def _in_banks(unit: Element, window: tuple[int, int], filters: int, entries: int) -> int:
    plane = np.bincount(unit.bank(1, *window).ravel(), minlength=unit.banks)
    held = np.zeros_like(plane)
    for k in range(filters):
        held += np.roll(plane, k * unit.filter_skew % unit.banks)
        if held.max() > entries:
            return k
    return filters

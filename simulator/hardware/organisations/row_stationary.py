"""Arrays that keep rows of filters: rows of inputs slide past, sums run down the columns."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.hardware.components import Dram
from simulator.hardware.components.row_stationary import Buffer, Finish, Grid, Runs
from simulator.hardware.datapath import Datapath
from simulator.hardware.machine import Machine
from simulator.hardware.specification import Specification
from simulator.sparsity.formats.run_length import MAX_RUN_BITS


class Rows(Datapath):
    """Nothing is skipped.

    Attributes
    ----------
    gating : bool
        False: zeros of the weights are not seen.
    zero_inputs : str
        ``gated``: a zero input saves its multiplication, its weight and its sum; or ``multiplied``.
    """

    kind: Literal["row_stationary"]
    weights: Literal["dense"]
    gating: Literal[False]
    inputs: Annotated[tuple[Literal["run_length"], ...], Field(strict=False, min_length=1)]
    zero_inputs: Literal["gated", "multiplied"]


class Components(Specification):
    """From DRAM to the array and back."""

    dram: Dram
    coding: Runs
    glb: Buffer
    array: Grid
    drain: Finish

    @model_validator(mode="after")
    def _runs_are_stored(self) -> Self:
        if self.coding.run.value > MAX_RUN_BITS:
            raise ValueError(f"coding.run is {self.coding.run.value} b: runs have at most {MAX_RUN_BITS} b")
        return self


class Bands(Specification):
    """Loops, outermost first: groups, images, bands of output rows, filters, channels, strips of a band, output columns.

    Attributes
    ----------
    inputs : str
        ``kept``: all channels of a band stay in the buffer; ``streamed``: inputs of a band come again for every group of filters;
        ``auto``: kept when a band of one strip fits so, streamed otherwise.
    """

    inputs: Literal["auto", "kept", "streamed"]


class RowStationary(Machine):
    """A machine of such an array."""

    datapath: Rows
    components: Components
    mapping: Bands

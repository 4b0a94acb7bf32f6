"""The series that a layer is to run with, as its attributes tell: of its weights or of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.errors import InputError, suggest
from simulator.transform.layers import transformed
from simulator.transform.tasd.series import Series, parse
from simulator.workload.layer import DENSE, SERIES, Layer
from simulator.workload.model import Trace

SIDES = ("weights", "inputs")


@dataclass(frozen=True)
class Asked:
    """Series of a layer.

    Attributes
    ----------
    side : str
        ``weights`` or ``inputs``: the tensor that is decomposed, along K.
    series : Series
    """

    side: str
    series: Series

    @property
    def text(self) -> str:
        """Side and series."""
        return f"{self.side} {self.series.text}"


def asked(layer: Layer) -> Asked | None:
    """The series of a layer, None if it has none.

    Raises
    ------
    InputError
        Its attributes tell no series, or one for both sides.
    """
    found = [side for side in SIDES if f"{side}_series" in layer.attrs]
    if len(found) > 1:
        raise InputError(
            f"layer {layer.name!r}: has a series for weights and one for inputs; hardware is structured on one side of a product"
        )
    if not found:
        return None
    try:
        return Asked(found[0], parse(layer.attrs[f"{found[0]}_series"]))
    except InputError as error:
        raise InputError(f"layer {layer.name!r}: {found[0]}: {error}") from None


def with_series(layer: Layer, side: str, series: str | Series) -> Layer:
    """The layer with a series; recorded non-zeros of outputs would be those without it, and are dropped.

    Parameters
    ----------
    layer : Layer
    side : str
        ``weights`` or ``inputs``.
    series : str or Series

    Raises
    ------
    InputError
        Neither side, or no series.
    """
    if side not in SIDES:
        raise InputError(f"layer {layer.name!r}: series for {side!r}: choices: {', '.join(SIDES)}")
    attrs = {key: value for key, value in layer.attrs.items() if key not in SERIES}
    attrs[f"{side}_series"] = parse(series).text
    return replace(layer, attrs=attrs, outputs_mask=None, outputs_provenance=DENSE)


def without_series(trace: Trace) -> Trace:
    """The trace as it is without any series."""

    def changed(layer: Layer) -> Layer:
        if not any(key in layer.attrs for key in SERIES):
            return layer
        return replace(layer, attrs={key: value for key, value in layer.attrs.items() if key not in SERIES})

    return transformed(trace, changed)


def apply(trace: Trace, choices: Mapping[str, tuple[str, str] | None]) -> Trace:
    """A trace whose layers have series.

    Parameters
    ----------
    trace : Trace
    choices : mapping of str to (side, series) or None
        By layer; layers that are not named, or have None, stay as they are.

    Raises
    ------
    InputError
        A name that is no layer of the trace, or a series that is none.
    """
    known = [layer.name for layer in trace.layers]
    for name in choices:
        if name not in known:
            raise InputError(
                f"series for layer {name!r}: {trace.name!r} has no such layer; {suggest(name, known)}"
            )

    def changed(layer: Layer) -> Layer:
        told = choices.get(layer.name)
        return layer if told is None else with_series(layer, *told)

    return transformed(trace, changed)

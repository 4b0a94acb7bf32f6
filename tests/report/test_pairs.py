"""Results compared layer by layer."""

from __future__ import annotations

import dataclasses
import math

import pytest

from simulator.errors import InputError
from simulator.record.result import Result
from simulator.report.pairs import geomean, pairs, ratio

Pair = tuple[Result, Result]


def test_layers_are_matched_by_name_not_by_place(results: Pair) -> None:
    first, second = results
    shuffled = dataclasses.replace(second, layers=second.layers[::-1])
    assert [(a.name, b.name) for a, b in pairs(first, shuffled)] == [
        (n, n) for n in (x.name for x in first.layers)
    ]


def test_a_missing_layer_is_named(results: Pair) -> None:
    first, second = results
    short = dataclasses.replace(second, layers=second.layers[:1])
    with pytest.raises(InputError, match=r"baseline 'tc' has no layer 'b/half'; choices: a/dense"):
        pairs(first, short)
    with pytest.raises(InputError, match="it has no layers"):
        pairs(first, dataclasses.replace(second, layers=()))


def test_another_shape_is_another_layer(results: Pair) -> None:
    first, second = results
    other = dataclasses.replace(second.layers[0], shape={**second.layers[0].shape, "K": 65})
    with pytest.raises(InputError, match=r"layer 'a/dense': shape .* must be the same layer"):
        pairs(first, dataclasses.replace(second, layers=(other, *second.layers[1:])))


def test_means_by_hand() -> None:
    assert geomean([2.0, 8.0]) == pytest.approx(4.0)
    assert math.isnan(geomean([]))
    assert (ratio(6, 3), math.isnan(ratio(1, 0))) == (2.0, True)

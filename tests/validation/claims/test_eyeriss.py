"""Eyeriss's claims: the judged ones follow from the shape of the layer and the array alone."""

from __future__ import annotations

import pytest

from validation.claims import eyeriss


@pytest.mark.parametrize("name", eyeriss.JUDGED)
def test_the_expected_cycles_are_the_multiplications_over_the_elements_in_use(name: str) -> None:
    (filters, channels, size, taps, *_, groups), cycles = eyeriss.LAYERS[name]
    macs = eyeriss.BATCH * filters * channels // groups * taps**2 * size**2
    assert macs == cycles * 13 * 12  # 13 output rows, four sets of three filter rows


def test_a_layer_is_busy_as_long_as_published_whatever_its_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eyeriss, "BATCH", 1)
    monkeypatch.setitem(eyeriss.LAYERS, "small", ((96, 64, 13, 3, 1, 1, 1), 59904))
    monkeypatch.setattr(eyeriss, "JUDGED", ("small",))
    busy, whole = eyeriss.dense("small")
    assert busy.holds
    assert whole.measured
    assert busy.measured
    assert whole.measured > busy.measured
    assert eyeriss.gated("small").holds

"""Inputs of convolutions told once per position of the image, against their matrix window by window."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.lowering.fibers import Fibers, Widths
from simulator.mapping import Geometry
from simulator.sparsity.formats import Bitmask, CoordinatePayload, Format, RunLength, Scaled
from simulator.workload.matrix import GemmView

FORMS: dict[str, Format | None] = {
    "uncompressed": None,
    "coordinate_payload": CoordinatePayload((2, 2)),
    "bitmask": Bitmask(),
    "run_length": RunLength(2),
    "scaled": Scaled(vector=3, scale_bits=8),
}
"""By name; None for plain values."""

WIDTHS = Widths(weights=8, inputs=8, outputs=8, row=64, word=8, ragged=True)
WINDOW = 4


@pytest.mark.nojit
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("batch", "channels", "kernel"), [(1, 4, 1), (1, 8, 3), (2, 4, 3), (2, 8, 1)])
def test_windows_within_taps(stride: int, batch: int, channels: int, kernel: int) -> None:
    rng = np.random.default_rng(10 * channels + kernel)
    weights = np.ones((6, channels, kernel, kernel), dtype=np.bool_)
    images = rng.random((batch, 2 * channels, 5, 6)) < 0.4
    view = GemmView(simulator.conv2d(weights, images, stride=stride, padding=kernel // 2, groups=2))
    geometry = Geometry(view.groups, view.M, view.N, view.K, 2, 3, WINDOW, 1)
    plain = view.images is None
    for group in range(2):
        mask = view.inputs_mask(group, 0, view.K, 0, view.N)
        counts, bits = Fibers(view, geometry, WIDTHS, FORMS).read(group)
        tiles = np.arange(0, view.N, geometry.columns)
        assert (counts == np.add.reduceat(mask, tiles, axis=1, dtype=np.int64)).all()
        for name, form in FORMS.items():
            data, metadata = bits[name]
            assert data.dtype == metadata.dtype == np.int32
            for w, n in np.ndindex(data.shape):
                fiber = mask[w * WINDOW : (w + 1) * WINDOW, n]
                assert (data[w, n], metadata[w, n]) == alone(form, fiber)
    assert plain == (batch == 1 and kernel == 1 and stride == 1)


def alone(form: Format | None, fiber: np.ndarray) -> tuple[int, int]:
    """Bits of data and of metadata of a fiber by itself."""
    if form is None:
        return len(fiber) * WIDTHS.inputs, 0
    found = form.bits(fiber[None], WIDTHS.inputs)
    return int(found.data[0]), int(found.metadata[0])


@pytest.mark.parametrize("depth", [10, 12])
def test_a_ragged_last_window(depth: int) -> None:
    rng = np.random.default_rng(depth)
    view = GemmView(simulator.gemm(np.ones((3, depth), dtype=np.bool_), rng.random((depth, 7)) < 0.5))
    geometry = Geometry(1, 3, 7, depth, 2, 3, WINDOW, 1)
    _, bits = Fibers(view, geometry, WIDTHS, {"uncompressed": None, "scaled": FORMS["scaled"]}).read(0)
    last = depth - 2 * WINDOW
    assert bits["uncompressed"][0][:, 0].tolist() == [32, 32, 8 * last]
    assert bits["scaled"][1][:, -1].tolist() == [16, 16, 8 * -(-last // 3)]

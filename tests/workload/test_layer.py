"""Layers: shapes, declared patterns, outputs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.patterns import parse
from simulator.workload.layer import Layer, conv2d, gemm

ONES = np.ones((4, 8), dtype=np.int8)
INPUTS = np.ones((8, 3), dtype=np.int8)


@pytest.mark.parametrize(
    ("weights", "inputs", "said"),
    [
        (ONES, ONES, r"layer 'l': weights \(4, 8\) and inputs \(4, 8\): must be"),
        (ONES[0], INPUTS, "must be"),
        (ONES[:0], INPUTS, "layer 'l': M: 0"),
        (ONES * np.nan, INPUTS, "layer 'l': weights: element"),
        (ONES, INPUTS.astype(complex), "layer 'l': inputs: dtype complex128"),
    ],
)
def test_bad_operands(weights: np.ndarray, inputs: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        gemm(weights, inputs, name="l")


def test_bad_convolution_names_the_layer() -> None:
    with pytest.raises(InputError, match="layer 'l': conv2d"):
        conv2d(np.ones((2, 3, 1, 1)), np.ones((1, 4, 5, 5)), name="l")


def test_pattern() -> None:
    mask = parse("2:4").generate((4, 8), seed=1)
    gemm(mask, INPUTS, pattern="2:4").check_pattern()
    gemm(ONES, INPUTS).check_pattern()
    mask[2, 4:7] = True
    with pytest.raises(InputError, match=r"layer 'l'.*pattern 2:4.*fiber \(2\), coordinates 4..7"):
        gemm(mask, INPUTS, name="l", pattern="2:4").check_pattern()
    with pytest.raises(InputError, match="layer 'l'"):
        gemm(mask, INPUTS, name="l", pattern="5:4")


def test_a_pattern_is_checked_where_assertions_are_not() -> None:
    program = (
        "import numpy as np; from simulator import gemm; "
        "gemm(np.ones((4, 8)), np.ones((8, 2)), name='l', pattern='2:4').check_pattern()"
    )
    ran = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "pattern 2:4" in ran.stderr


def test_a_convolution_is_checked_along_channels_first() -> None:
    weights = np.zeros((1, 4, 1, 2), dtype=bool)
    weights[0, :2, 0, :] = True
    conv2d(weights, np.ones((1, 4, 3, 3)), pattern="2:4").check_pattern()
    weights[0, 2, 0, 1] = True
    with pytest.raises(InputError, match=r"coordinates 4\.\.7"):
        conv2d(weights, np.ones((1, 4, 3, 3)), pattern="2:4").check_pattern()


def test_outputs() -> None:
    layer = gemm(ONES, INPUTS)
    assert (layer.outputs_mask, layer.outputs_provenance) == (None, "declared dense")
    mask = np.eye(4, 3, dtype=bool)
    recorded = layer.with_outputs(mask)
    np.testing.assert_array_equal(recorded.outputs_mask.mask, mask)
    assert recorded.outputs_provenance == "recorded"
    with pytest.raises(InputError, match=r"outputs have shape \(3, 4\)"):
        layer.with_outputs(mask.T)
    with pytest.raises(InputError, match="provenance 'guessed'"):
        layer.with_outputs(mask, "guessed")
    with pytest.raises(InputError, match="there is no mask"):
        Layer("l", layer.einsum, layer.weights, layer.inputs, None, "recorded")

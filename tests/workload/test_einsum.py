"""Einsums: sizes, text, and refusals."""

from __future__ import annotations

import pytest

from simulator.errors import InputError
from simulator.workload.einsum import conv2d, gemm


def test_gemm() -> None:
    einsum = gemm(4, 5, 6)
    assert einsum.text == "Z[m,n] += A[m,k] B[k,n]"
    assert [einsum.shape(t) for t in ("weights", "inputs", "outputs")] == [(4, 6), (6, 5), (4, 5)]
    assert einsum.macs == 120
    assert einsum.parameters == {}


def test_conv2d() -> None:
    einsum = conv2d((6, 4, 3, 2), (2, 8, 9, 7), stride=(2, 1), padding=(1, 2), dilation=(1, 3), groups=2)
    assert einsum.text == "Z[b,3g+m,p,q] += A[3g+m,c,r,s] B[b,4g+c,2p+r-1,q+3s-2]"
    assert einsum.shape("outputs") == (2, 6, 5, 8)
    assert einsum.macs == 2 * 6 * 5 * 8 * 4 * 3 * 2
    assert einsum.parameters == {"stride": [2, 1], "padding": [1, 2], "dilation": [1, 3], "groups": [2]}


def test_a_kernel_that_just_fits() -> None:
    assert conv2d((1, 1, 3, 3), (1, 1, 5, 5), dilation=2).shape("outputs") == (1, 1, 1, 1)
    with pytest.raises(InputError, match="spans 5 positions, more than the padded height of 4"):
        conv2d((1, 1, 3, 3), (1, 1, 4, 5), dilation=2)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (((6, 4, 3), (2, 4, 9, 7)), {}, "shapes must be"),
        (((6, 4, 3, 3), (2, 5, 9, 7)), {}, "need inputs of 4 channels"),
        (((5, 4, 3, 3), (2, 8, 9, 7)), {"groups": 2}, "5 filters must divide"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"stride": 0}, "stride: 0: must be a whole number from 1"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"stride": 1.5}, "stride: 1.5"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"stride": "2"}, "stride: '2'"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"padding": (1, 2, 3)}, "or a pair of them"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"padding": -1}, "padding: -1: must be a whole number from 0"),
        (((6, 4, 3, 3), (2, 4, 9, 7)), {"groups": True}, "groups: True"),
        (((6, 0, 3, 3), (2, 0, 9, 7)), {}, "must be a whole number from 1"),
        (((1, 1, 1, 1), (1, 1, 2**21, 2**21)), {}, "more than"),
    ],
)
def test_refusals(arguments: tuple, options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        conv2d(*arguments, **options)


def test_gemm_refuses_empty_sizes() -> None:
    with pytest.raises(InputError, match="K: 0"):
        gemm(1, 1, 0)

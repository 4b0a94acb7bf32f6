"""Traces in memory: names and digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload.layer import conv2d, gemm
from simulator.workload.model import Trace

WEIGHTS = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
INPUTS = np.arange(8, dtype=np.int8).reshape(4, 2)


def trace(**changes) -> Trace:
    layer = replace(gemm(WEIGHTS, INPUTS, name="a", pattern="dense"), **changes)
    return Trace("t", (layer, gemm(WEIGHTS != 0, INPUTS, name="b")))


def test_digest_is_stable() -> None:
    """The digest of a fixed trace, so that a change of its definition is noticed."""
    assert trace().digest == trace(attrs={"scale": 0.5}).digest
    assert replace(trace(), attrs={"accuracy": 1.0}).digest == trace().digest
    assert trace().digest == "8b108119a46b21bd3ac7f23d7cb9941448e724455ff0f9c28cfc1360e1f48129"


def test_digest_covers_names_patterns_einsums_and_contents() -> None:
    other = WEIGHTS.copy()
    other[1, 2] += 1
    same = np.ones((1, 4, 3, 3), dtype=np.int8)
    kernel = np.ones((2, 4, 1, 1), dtype=np.int8)
    digests = [
        trace().digest,
        replace(trace(), name="u").digest,
        trace(name="c").digest,
        trace(pattern=None).digest,
        Trace("t", trace().layers[::-1]).digest,
        trace(weights=gemm(other, INPUTS).weights).digest,
        trace(weights=gemm(WEIGHTS.astype(np.int16), INPUTS).weights).digest,
        Trace("t", (trace().layers[0].with_outputs(np.ones((3, 2), dtype=bool)), trace().layers[1])).digest,
        Trace("t", (conv2d(kernel, same),)).digest,
        Trace("t", (conv2d(kernel, same, padding=1),)).digest,
    ]
    assert len(set(digests)) == len(digests)


def test_names() -> None:
    assert trace().layer("b").weights.mask_only
    with pytest.raises(InputError, match="did you mean 'b'"):
        trace().layer("bb")
    with pytest.raises(InputError, match="two layers are called 'a'"):
        Trace("t", (trace().layers[0],) * 2)

"""Number formats as integer codes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.numbers import NUMBERS, resolve


@pytest.mark.parametrize(
    ("name", "kind"), [("fp4", ml_dtypes.float4_e2m1fn), ("fp8", ml_dtypes.float8_e4m3fn)]
)
def test_codes_are_the_values_of_every_bit_pattern(name: str, kind: type) -> None:
    number = resolve(name)
    patterns = np.arange(1 << (number.bits - 1), dtype=np.uint8).view(kind).astype(np.float64)
    finite = patterns[np.isfinite(patterns)]
    assert (number.magnitudes * number.unit == finite).all()


def test_integers_are_symmetric() -> None:
    assert [resolve(name).top for name in ("int8", "int4")] == [127, 7]


def test_fp16_is_known_by_its_width() -> None:
    number = resolve("fp16")
    assert number.top * number.unit == np.finfo(np.float16).max
    assert not number.integral


@pytest.mark.parametrize("number", [n for n in NUMBERS.values() if n.integral], ids=lambda n: n.name)
def test_what_holds_is_a_code_of_either_sign(number) -> None:
    codes = np.arange(-number.top - 1, number.top + 2)
    held = codes[number.holds(codes)]
    assert set(held.tolist()) == {s * int(m) for m in number.magnitudes for s in (1, -1)}


def test_an_unknown_format_is_told_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"number format 'int7': unknown.*int8"):
        resolve("int7")

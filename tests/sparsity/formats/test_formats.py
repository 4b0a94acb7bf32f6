"""What every format promises: an exact round trip, and sizes equal to what it stores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator import registry
from simulator.errors import InputError
from simulator.sparsity import fibers
from simulator.sparsity.formats import (
    Bitmask,
    BlockList,
    CoordinatePayload,
    DensityBound,
    Format,
    RunLength,
    Uncompressed,
    resolve,
)

PROPERTY = settings(deadline=None, derandomize=True, max_examples=200)
FORMATS = st.one_of(
    st.just(Uncompressed()),
    st.just(Bitmask()),
    st.integers(1, 6).map(RunLength),
    st.integers(1, 9).map(lambda length: DensityBound(length, length)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)).map(lambda size: BlockList(size[0], *size)),
    st.integers(1, 9).map(lambda length: RunLength(4, length, length)),
    st.lists(st.integers(1, 9), min_size=1, max_size=4).map(
        lambda lengths: CoordinatePayload(tuple(lengths))
    ),
)
DTYPES = st.sampled_from(["int8", "uint8", "int64", "float16", "float32", "bool"])


def matrix(rows: int, coords: int, density: float, dtype: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 100, (rows, coords)) * (rng.random((rows, coords)) < density)
    return values.astype(dtype)


@PROPERTY
@given(
    FORMATS,
    st.integers(0, 4),
    st.integers(0, 80),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    DTYPES,
    st.integers(0, 99),
)
def test_round_trip_and_sizes(
    form: Format, rows: int, coords: int, density: float, dtype: str, seed: int
) -> None:
    values = matrix(rows, coords, density, dtype, seed)
    encoded = form.encode(values)
    decoded = form.decode(encoded)
    assert decoded.dtype == values.dtype
    assert (decoded == values).all()
    counted = form.bits(values != 0, 8 * values.dtype.itemsize)
    assert counted.data.tolist() == encoded.data_bits.tolist()
    assert counted.metadata.tolist() == encoded.metadata_bits.tolist()
    assert counted.total == int(encoded.data_bits.sum() + encoded.metadata_bits.sum())
    assert encoded.data.size == encoded.per_fiber.sum()
    for name, part in encoded.metadata.items():
        assert part.entries.size == part.per_fiber.sum()
        assert part.entries.max(initial=0) < 2**part.width
        assert counted.parts[name].tolist() == part.bits.tolist()


@pytest.mark.parametrize(
    "form", [Bitmask(), RunLength(2), CoordinatePayload((3, 4)), CoordinatePayload((80,))]
)
def test_sizes_do_not_depend_on_the_chunk(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = matrix(30, 77, 0.3, "bool", 1)
    whole = form.bits(mask, 8)
    monkeypatch.setattr(fibers, "CHUNK_ELEMENTS", 100)
    parts = form.bits(mask, 8)
    assert parts.data.tolist() == whole.data.tolist()
    assert parts.metadata.tolist() == whole.metadata.tolist()


@pytest.mark.parametrize(
    ("form", "bits"),
    [
        (Uncompressed(), {1: 128, 8: 128, 16: 128}),
        (Bitmask(), {1: 24, 8: 80, 16: 144}),
        (CoordinatePayload((16,)), {1: 12, 8: 96, 16: 192}),
    ],
)
def test_course_example_of_16_slots_of_8_bits(form: Format, bits: dict[int, int]) -> None:
    # MIT 6.5930 sparse accelerator lectures; they count values and coordinates, not the list's length.
    for nonzeros, expected in bits.items():
        counted = form.bits(np.arange(16)[None] < nonzeros, 8)
        length = counted.parts.get("count", np.zeros(1, dtype=np.int64))
        assert counted.total - int(length[0]) == expected


def test_formats_are_found_by_name() -> None:
    known = {
        "bitmask",
        "block_list",
        "coordinate_payload",
        "csc",
        "density_bound",
        "run_length",
        "scaled",
        "uncompressed",
    }
    assert set(registry.names("format")) == known
    assert resolve("uncompressed") == Uncompressed()
    assert resolve("bitmask") == Bitmask()
    assert resolve("coordinate_payload", (8, 4)) == CoordinatePayload((8, 4))
    with pytest.raises(InputError, match="did you mean 'bitmask'"):
        resolve("bitmap")
    with pytest.raises(InputError, match="needs the length of each rank"):
        resolve("coordinate_payload")
    with pytest.raises(InputError, match="has no ranks"):
        resolve("bitmask", (4,))


@pytest.mark.parametrize(
    "form", [Uncompressed(), Bitmask(), CoordinatePayload((4,)), CoordinatePayload((4,), (2,))]
)
def test_bad_matrices_are_refused(form: Format) -> None:
    with pytest.raises(InputError, match="stores a matrix"):
        form.encode(np.ones(4))
    with pytest.raises(InputError, match="array of bool"):
        form.bits(np.ones((2, 2)), 8)
    with pytest.raises(InputError, match="value_bits -1"):
        form.bits(np.zeros((2, 2), dtype=bool), -1)

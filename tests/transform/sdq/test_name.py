"""Names, and the throughput and bits they promise."""

from __future__ import annotations

import pytest

from simulator import transform
from simulator.errors import InputError

TABLE = [
    ("dense", 1.0, 16),
    ("S-W2:4", 2.0, 8),
    ("S-S4:8", 2.0, 8),
    ("Q-W8A8", 2.0, 8),
    ("Q-W4A4", 4.0, 4),
    ("Q-W4A16", 1.0, 4),
    ("SDQ-W8:8-1:8int8-7:8fp4", 3.556, 4.5),
    ("SDQ-W7:8-1:8int8-6:8fp4", 4.0, 4.0),
    ("SDQ-S6:8-1:8int8-5:8fp4", 4.571, 3.5),
    ("SDQ-M6:8-2:8int8-4:8fp4", 4.0, 4.0),
    ("SDQ-W3:4-1:4int8-2:4fp4", 4.0, 4.0),
]


@pytest.mark.parametrize(("name", "throughput", "bits"), TABLE)
def test_throughput_and_data_bits(name: str, throughput: float, bits: float) -> None:
    config = transform.sdq.parse(name)
    assert config.effective_throughput() == pytest.approx(throughput, abs=5e-4)
    assert config.bits_per_weight().data == bits
    assert config.name == str(config) == name
    assert transform.sdq.parse(config.name) == config


def test_the_headline_is_exactly_four() -> None:
    assert transform.sdq.parse("SDQ-W7:8-1:8int8-6:8fp4").effective_throughput() == 4


def test_storage_beyond_the_data() -> None:
    bits = transform.sdq.parse("SDQ-W7:8-1:8int8-6:8fp4").bits_per_weight()
    assert (bits.places, bits.scales, bits.total) == (3 / 8 + 1, 1.0, 6.375)


def test_rates_are_the_machines() -> None:
    config = transform.sdq.parse("SDQ-W7:8-1:8int8-6:8fp4")
    assert config.effective_throughput({"fp16": 2, "int8": 4, "fp4": 4}) == 1 / (2 * (1 / 32 + 6 / 32))
    with pytest.raises(InputError, match="no rate for fp4"):
        config.effective_throughput({"fp16": 1, "int8": 2})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("SDQ", "must be SDQ-<method>N:M-N:M<format>-N:M<format>"),
        ("SDQ-W7:8-1:8int8-6:8fp5", "number format 'fp5': unknown"),
        ("SDQ-W7:8-2:8int8-6:8fp4", r"2 \+ 6 is not 7"),
        ("SDQ-W3:4-1:8int8-6:8fp4", "all rules must have the same M"),
        ("SDQ-X7:8-1:8int8-6:8fp4", r"method 'X': choices: W \(wanda\), S \(sparsegpt\), M \(magnitude\)"),
        ("SDQ-W9:8-1:8int8-8:8fp4", "rule 9:8: must be 1 <= N <= M"),
        ("SDQ-W7:8-1:8fp16-6:8fp4", "do not add up in one accumulator"),
        ("Q-W7A8", "number format '7': unknown"),
        ("Q-W16A8", "wider than activations"),
        ("sdq-W7:8-1:8int8-6:8fp4", "for example 'SDQ-W7:8"),
        (7, "must be text"),
    ],
)
def test_a_bad_name_is_one_clear_error(name, why: str) -> None:
    with pytest.raises(InputError, match=why):
        transform.sdq.parse(name)

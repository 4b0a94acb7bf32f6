"""Energy is counts x table, exactly, and never guesses a row."""

from __future__ import annotations

from fractions import Fraction

import pytest

from simulator.energy import Table, load, names
from simulator.errors import InputError

PUBLISHED = {
    "dram_read": 512,
    "dram_write": 512,
    "sram_read": 285.7,
    "sram_write": 317.0,
    "metadata_read": 25.87,
    "metadata_write": 19.65,
    "psum_read": 1.659,
    "psum_write": 1.676,
    "operand_read": 0.072,
    "operand_write": 0.072,
    "mac": 0.561,
    "mac_gated": 0.018,
    "line_write": 0.49218,
    "line_read": 0.49218,
    "mask_read": 0.18108,
    "iact_spad_read": 0.13003,
    "iact_spad_write": 0.13003,
    "iact_metadata_read": 0.14934,
    "iact_metadata_write": 0.14934,
    "weight_spad_read": 0.47678,
    "weight_spad_write": 0.51919,
    "weight_metadata_read": 0.88442,
    "weight_metadata_write": 0.88442,
    "psum_spad_read": 0.32508,
    "psum_spad_write": 0.32508,
    "buffer_read": 49.1739,
    "buffer_write": 37.1554,
}
EYERISS = {
    "dram_read": 512,
    "dram_write": 512,
    "buffer_read": 49.1739,
    "buffer_write": 37.1554,
    "iact_spad_read": 0.19652,
    "iact_spad_write": 0.19652,
    "weight_spad_read": 0.71011,
    "weight_spad_write": 1.13063,
    "psum_spad_read": 0.25281,
    "psum_spad_write": 0.25281,
    "mac": 2.20035,
    "mac_gated": 0.06595,
    "compress_value": 0.0241,
}


@pytest.fixture(scope="module")
def table() -> Table:
    return load("cmos45")


@pytest.mark.parametrize(("name", "published"), [("cmos45", PUBLISHED), ("eyeriss45", EYERISS)])
def test_published_rows_are_exactly_those_with_a_source(name: str, published: dict[str, float]) -> None:
    sourced = [row for row in load(name).rows.values() if not row.assumed]
    assert {row.action: row.energy_pj for row in sourced} == published
    assert all("Sparseloop" in row.origin for row in sourced)


@pytest.mark.parametrize("name", names())
def test_every_row_says_what_where_and_at_which_node(name: str) -> None:
    for action, row in load(name).rows.items():
        assert row.action == action
        assert row.per
        assert row.origin
        assert row.node == "45 nm"
        assert row.energy_pj > 0


def test_assumed_rows_follow_from_their_derivation(table: Table) -> None:
    register, mac = Fraction("0.072"), Fraction("0.561")
    mux = register / 12
    derived = {
        "fetch_write": register,
        "fetch_read": register,
        "window_shift": 6 * mux,
        "noc_byte": register,
        "hop_byte": register,
        "block_select": 12 * mux,
        "value_mux": 2 * mux,
        "drain_word": mac + register,
        "compress_value": register + 5 * mux,
        "input_ram_read": round(PUBLISHED["buffer_read"] * 0.1**0.5, 2),
        "input_ram_write": round(PUBLISHED["buffer_write"] * 0.1**0.5, 2),
        "weight_fifo_read": PUBLISHED["line_read"],
        "weight_fifo_write": PUBLISHED["line_write"],
        "accumulator_read": round(PUBLISHED["psum_spad_read"] * 24 / 20, 4),
        "accumulator_write": round(PUBLISHED["psum_spad_write"] * 24 / 20, 4),
        "tasd_compare": round(mac / 20, 2),
        "residual_read": Fraction(str(table.rows["psum_read"].energy_pj)),
        "residual_write": Fraction(str(table.rows["psum_write"].energy_pj)),
    }
    assert {r.action: r.energy_pj for r in table.rows.values() if r.assumed} == {
        action: float(value) for action, value in derived.items()
    }


def test_the_assumed_row_of_eyeriss_is_a_multiplication_and_two_registers() -> None:
    (row,) = (row for row in load("eyeriss45").rows.values() if row.assumed)
    assert (row.action, row.energy_pj) == ("drain_word", pytest.approx(EYERISS["mac"] + 2 * 0.072, abs=1e-9))


def test_energy_is_count_times_row_in_sorted_order(table: Table) -> None:
    energy = table.energy_pj({"sram_read": 3, "mac": 10**12, "dram_read": 0})
    assert list(energy) == ["dram_read", "mac", "sram_read"]
    assert energy == {"dram_read": 0.0, "mac": 10**12 * 0.561, "sram_read": 3 * 285.7}
    assert table.energy_pj({}) == {}


def test_an_action_without_a_row_is_refused_with_the_nearest(table: Table) -> None:
    with pytest.raises(
        InputError, match=r"'cmos45' has no row for action 'mac_gatd'; did you mean 'mac_gated'\?"
    ):
        table.energy_pj({"mac_gatd": 1})


def test_a_negative_count_is_refused(table: Table) -> None:
    with pytest.raises(InputError, match=r"action 'mac': count -1"):
        table.energy_pj({"mac": -1})

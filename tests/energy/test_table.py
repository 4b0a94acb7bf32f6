"""Energy is counts x table, exactly, and never guesses a row."""

from __future__ import annotations

from fractions import Fraction

import pytest

from simulator.energy import Table, load
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
}


@pytest.fixture(scope="module")
def table() -> Table:
    return load("cmos45")


def test_published_rows_are_exactly_those_with_a_source(table: Table) -> None:
    assert {row.action: row.energy_pj for row in table.rows.values() if not row.assumed} == PUBLISHED
    assert all("Sparseloop" in row.origin for row in table.rows.values() if not row.assumed)


def test_every_row_says_what_where_and_at_which_node(table: Table) -> None:
    for action, row in table.rows.items():
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
        "block_select": 12 * mux,
        "value_mux": 2 * mux,
        "drain_word": mac + register,
        "compress_value": register + 5 * mux,
    }
    assert {r.action: r.energy_pj for r in table.rows.values() if r.assumed} == {
        action: float(value) for action, value in derived.items()
    }


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

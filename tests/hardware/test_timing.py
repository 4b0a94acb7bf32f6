"""Main memory with banks and rows: given by name, by numbers, or not at all."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from simulator import gemm, simulate
from simulator.energy import Row
from simulator.errors import InputError
from simulator.hardware import dump, load, loads, override, parameters
from simulator.hardware.components.dram import Dram
from simulator.hardware.components.timing import Timing, named, names
from simulator.hardware.machine import Machine
from simulator.plan.state import ACTIVATE


def dram(machine: Machine) -> Dram:
    found = machine.components.dram
    assert isinstance(found, Dram)
    return found


def timed(name: str, **changes: str) -> Machine:
    numbers = {f"dram.timing.{key}": text for key, text in changes.items()}
    return override(load("highlight"), {"dram.timing": name, **numbers})


def test_the_names() -> None:
    assert names() == ("DDR4", "HBM2", "LPDDR4")


@pytest.mark.parametrize("name", names())
def test_a_name_stands_for_its_numbers(name: str) -> None:
    machine = timed(name)
    timing = dram(machine).timing
    assert timing == Timing.model_validate(named(name))
    assert loads(dump(machine)) == machine
    listed = {p.path: p for p in parameters(machine)}
    assert listed["dram.timing"].text == timing.name
    assert listed["dram.timing.rcd"].text == timing.rcd.text
    assert all(
        p.source or p.assumed for path, p in listed.items() if path.startswith("dram.timing.") and p.dimension
    )


@pytest.mark.parametrize(("name", "peak"), [("LPDDR4", "25.6"), ("DDR4", "19.2"), ("HBM2", "256")])
def test_the_bandwidth_is_that_of_the_data_buses(name: str, peak: str) -> None:
    """Interface width x data rate at 1 GHz: 64 b at 3200, 64 b at 2400 and 1024 b at 2000 MT/s."""
    machine = timed(name)
    assert dram(machine).peak(machine.clock.value) == Fraction(peak)
    assert dram(machine).peak(machine.clock.value // 2) == 2 * Fraction(peak)


@pytest.mark.parametrize(
    ("name", "volts", "currents", "clocks", "ns", "devices"),
    [
        ("DDR4", 1.2, (48, 43, 34), (56, 39, 17), 0.83, 8),
        ("HBM2", 1.2, (65, 55, 40), (48, 34, 14), 1.0, 1),
        ("LPDDR4", 1.2, (80, 47, 34), (47, 32, 15), 0.83, 1),
    ],
)
def test_the_energy_of_a_row_is_that_of_the_currents(
    name: str,
    volts: float,
    currents: tuple[int, ...],
    clocks: tuple[int, ...],
    ns: float,
    devices: int,
) -> None:
    """IDD0 over tRC less IDD3N over tRAS and IDD2N over tRP, of all devices of a channel, in mA x V x ns = pJ."""
    above = currents[0] * clocks[0] - currents[1] * clocks[1] - currents[2] * clocks[2]
    row = timed(name).table.rows[ACTIVATE]
    assert row.energy_pj == pytest.approx(volts * above * ns * devices, rel=1e-5)
    assert (row.assumed, row.node) == (False, dram(timed(name)).timing.name)
    assert "DRAMsim3" in row.origin


def test_rows_are_paid_for_and_a_table_of_ones_own_goes_before() -> None:
    layer = gemm(np.ones((64, 64), dtype=np.int8), np.ones((64, 64), dtype=np.int8))
    machine = timed("DDR4")
    (part,) = (c for c in simulate(machine, layer, verify=False).layers[0].components if c.kind == "dram")
    assert part.actions[ACTIVATE] > 0
    spent = simulate(machine, layer, verify=False).layers[0].energy_pj["dram"][ACTIVATE]
    assert spent == part.actions[ACTIVATE] * 3450.14
    assert (
        simulate(timed("DDR4", activate="0 pJ"), layer, verify=False).layers[0].energy_pj["dram"][ACTIVATE]
        == 0
    )
    assert ACTIVATE not in load("highlight").table.rows
    mine = Row(ACTIVATE, 7.0, "one row", "1 nm", "mine", False)
    own = load("highlight").table.with_rows({ACTIVATE: mine})
    assert own.with_rows(dram(machine).energy_rows).rows[ACTIVATE] is mine


def test_simple_is_the_default_and_takes_the_timing_away() -> None:
    plain = load("highlight")
    assert dram(plain).timing is None
    assert dram(plain).state(plain.clock.value) is None
    assert "timing:" not in dump(plain)
    assert override(timed("DDR4"), {"dram.timing": "simple"}) == plain
    assert "bandwidth (32 B/cycle)" in dram(plain).assumption
    assert "DDR4-2400" in dram(timed("DDR4")).assumption


def test_numbers_change_with_the_name_and_after_it() -> None:
    first, second = timed("DDR4", rcd="20 tCK"), override(timed("DDR4"), {"dram.timing.rcd": "20 tCK"})
    assert first == second
    state = dram(first).state(10**9)
    assert state is not None
    assert (state.rcd, state.rp, state.clock) == (20, 17, (6, 5))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dram.timing": "LPDDR5"}, "dram.timing: 'LPDDR5': no such timing; did you mean 'LPDDR4'?"),
        ({"dram.timing": "DDR4", "dram.timing.rcd": "20"}, "needs a unit, for example '20 tCK'"),
        ({"dram.timing": "DDR4", "dram.timing.row": "100 B"}, "row must be whole bursts"),
        ({"dram.timing": "DDR4", "dram.timing.refi": "400 tCK"}, "refi is too short"),
        ({"dram.timing": "DDR4", "dram.timing.rfc": "3 tCK"}, "rfc must be at least rc, faw and rrd"),
        ({"dram.timing": "DDR4", "dram.timing.activate": "3"}, "needs a unit, for example '3 pJ'"),
        (
            {"dram.timing": "DDR4", "dram.timing.activate": "10000000000 nJ"},
            "must be at most 1000000000000 (pJ)",
        ),
        ({"dram.timing.rcd": "20 tCK"}, "dram.timing.rcd: unknown parameter"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        override(load("highlight"), changes)
    assert says in str(caught.value)


def test_clocks_whose_ratio_is_too_fine_are_refused() -> None:
    with pytest.raises(InputError, match="neither may exceed"):
        dram(timed("DDR4")).state(999_999_937)


def test_banks_of_the_buffer_come_and_go() -> None:
    plain = load("highlight")
    assert {p.path: p.text for p in parameters(plain)}["glb.banks"] == "unlimited"
    banked = override(plain, {"glb.banks": "8"})
    found = {p.path: p for p in parameters(banked)}["glb.banks"]
    assert (found.text, found.source) == ("8", "override")
    assert override(banked, {"glb.banks": "4"}) == override(plain, {"glb.banks": "4"})
    assert override(banked, {"glb.banks": "unlimited"}) == plain
    assert loads(dump(banked)) == banked
    for wrong in ("many", "0", "8 B"):
        with pytest.raises(InputError, match=r"override glb\.banks: "):
            override(plain, {"glb.banks": wrong})

"""Components with a state, worked out by hand: one test per sentence of the contract on banks and rows, on both engines.

Every timing is met at both edges: all others are nothing, so an access comes exactly as late as the one tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from engine.timelines import grants, of, pair, timeline
from networks import program, run_of, server

from simulator.errors import InputError
from simulator.plan import Access, Channel, Component, Plan, Program
from simulator.plan.check import problems
from simulator.plan.rung import Rung
from simulator.plan.state import ACTIVATE, Banks, Rows
from simulator.record.outcome import Outcome

pytestmark = pytest.mark.nojit
Engine = Callable[..., Outcome]
BURST, PER_ROW = 8, 8
READ, WRITE = False, True


def at(write: bool, *places: int, unit: int = BURST) -> Access:
    """Reads or writes at multiples of a unit."""
    table = np.array([(1, place * unit, 0) for place in places], dtype=np.int64).reshape(-1, 3)
    return Access(write, lambda: iter([table]))


def rows(**numbers: Any) -> Rows:
    """A DRAM all of whose times are nothing but a clock a burst, unless given; a row is 8 bursts of 8 bytes."""
    times = Rows.__dataclass_fields__.keys()
    sizes = {"queue": 99, "channels": 1, "groups": 1, "banks": 1, "row": BURST * PER_ROW, "burst": BURST}
    return Rows(**{**dict.fromkeys(times, 0), "clock": (1, 1), **sizes, "stripe": BURST, "bl": 1, **numbers})


def dram(state: Rows, *programs: Program) -> Component:
    return server("d", *programs, kind="dram", rate=(1, 0), arbiter="round_robin", state=state)


def reads(*places: int, name: str = "p", size: int = BURST, write: bool = READ, **fields: Any) -> Program:
    """A program that reads (or writes) a burst at each place."""
    moves = {key: fields.pop(key) for key in ("takes", "puts") if key in fields}
    return program(name, run_of(len(places), size, **moves), access=at(write, *places), **fields)


def spans(engine: Engine, state: Rows, *accesses: tuple[bool, int]) -> list[tuple[int, ...]]:
    """Grant fingerprints of a read and a write program that take turns as the accesses say, in the order they begin."""
    kinds = list(dict.fromkeys(write for write, _ in accesses))
    assert [write for write, _ in accesses] == [kinds[i % len(kinds)] for i in range(len(accesses))]
    programs = [
        reads(*(place for write, place in accesses if write == kind), name=str(kind), write=kind)
        for kind in kinds
    ]
    outcome = engine(Plan((dram(state, *programs),), ()))
    return [grants(outcome, "d", str(kind)) for kind in kinds]


N = 7
OTHER_ROW, OTHER_BANK = PER_ROW, PER_ROW
CASES: list[tuple[dict[str, Any], Sequence[tuple[bool, int]], Sequence[tuple[int, int]]]] = [
    ({"bl": N}, [(READ, 0), (READ, 1)], [(0, N - 1), (N, 2 * N - 1)]),
    ({"cl": N}, [(READ, 0)], [(0, N)]),
    ({"cl": N}, [(WRITE, 0)], [(0, 0)]),
    ({"cwl": N}, [(WRITE, 0)], [(0, N)]),
    ({"cwl": N}, [(READ, 0)], [(0, 0)]),
    ({"rcd": N}, [(READ, 0), (READ, 1)], [(0, N), (N + 1, N + 1)]),
    ({"rp": N}, [(READ, 0), (READ, 1)], [(0, 0), (1, 1)]),
    ({"rp": N}, [(READ, 0), (READ, OTHER_ROW)], [(0, 0), (1, N)]),
    ({"ras": N}, [(READ, 0), (READ, OTHER_ROW)], [(0, 0), (1, N)]),
    ({"rc": N}, [(READ, 0), (READ, OTHER_ROW)], [(0, 0), (1, N)]),
    ({"rtp": N}, [(READ, 0), (READ, OTHER_ROW)], [(0, 0), (1, N)]),
    ({"rtp": N}, [(WRITE, 0), (WRITE, OTHER_ROW)], [(0, 0), (1, 1)]),
    ({"wr": N}, [(WRITE, 0), (WRITE, OTHER_ROW)], [(0, 0), (1, 1 + N)]),
    ({"wr": N}, [(READ, 0), (READ, OTHER_ROW)], [(0, 0), (1, 1)]),
    ({"ras": N, "rp": N, "banks": 2}, [(READ, 0), (READ, OTHER_BANK)], [(0, 0), (1, 1)]),
    ({"rrd_s": N, "banks": 2}, [(READ, 0), (READ, OTHER_BANK)], [(0, 0), (1, N)]),
    ({"rrd_l": N, "banks": 2}, [(READ, 0), (READ, OTHER_BANK)], [(0, 0), (1, N)]),
    ({"rrd_s": N, "groups": 2}, [(READ, 0), (READ, 1)], [(0, 0), (1, N)]),
    ({"rrd_l": N, "groups": 2}, [(READ, 0), (READ, 1)], [(0, 0), (1, 1)]),
    ({"rrd_s": N, "rrd_l": N, "channels": 2}, [(READ, 0), (READ, 1)], [(0, 0), (1, 1)]),
    (
        {"faw": N, "banks": 5},
        [(READ, bank * OTHER_BANK) for bank in range(5)],
        [(0, 0), (1, 1), (2, 2), (3, 3), (4, N)],
    ),
    ({"ccd_s": N}, [(READ, 0), (READ, 1)], [(0, 0), (1, N)]),
    ({"ccd_s": N, "groups": 2}, [(READ, 0), (READ, 1)], [(0, 0), (1, N)]),
    ({"ccd_l": N}, [(READ, 0), (READ, 1)], [(0, 0), (1, N)]),
    ({"ccd_l": N, "groups": 2}, [(READ, 0), (READ, 1)], [(0, 0), (1, 1)]),
    ({"wtr_s": N}, [(WRITE, 0), (READ, 1)], [(0, 0), (1, 1 + N)]),
    ({"wtr_s": N, "groups": 2}, [(WRITE, 0), (READ, 1)], [(0, 0), (1, 1 + N)]),
    ({"wtr_l": N}, [(WRITE, 0), (READ, 1)], [(0, 0), (1, 1 + N)]),
    ({"wtr_l": N, "groups": 2}, [(WRITE, 0), (READ, 1)], [(0, 0), (1, 1)]),
    ({"wtr_s": N, "wtr_l": N}, [(READ, 0), (WRITE, 1)], [(0, 0), (1, 1)]),
    ({"turn": N}, [(READ, 0), (WRITE, 1)], [(0, 0), (1, 1 + N)]),
    ({"turn": N}, [(WRITE, 0), (READ, 1)], [(0, 0), (1, 1)]),
    ({"cl": N, "cwl": 2}, [(READ, 0), (WRITE, 1)], [(0, N), (N + 1, N + 1)]),
    ({"cl": 2, "cwl": N}, [(WRITE, 0), (READ, 1)], [(0, N), (N + 1, N + 3)]),
    ({"rcd": N, "banks": 2, "queue": 1}, [(READ, 0), (READ, OTHER_BANK)], [(0, N), (N + 1, 2 * N + 1)]),
    ({"rcd": N, "banks": 2, "queue": 2}, [(READ, 0), (READ, OTHER_BANK)], [(0, N), (N + 1, N + 1)]),
    ({"clock": (8, 5), "bl": 8}, [(READ, 0), (READ, 1)], [(0, 4), (5, 9)]),
    ({"clock": (8, 5), "bl": 9}, [(READ, 0), (READ, 1)], [(0, 5), (6, 11)]),
    ({"clock": (1, 3), "bl": 2}, [(READ, 0), (READ, 1)], [(0, 5), (6, 11)]),
]


@pytest.mark.parametrize(
    ("numbers", "accesses", "expected"), CASES, ids=[f"{c[0]}-{len(c[1])}" for c in CASES]
)
def test_an_access_is_as_late_as_its_timings(
    engine: Engine,
    numbers: dict[str, Any],
    accesses: Sequence[tuple[bool, int]],
    expected: Sequence[tuple[int, int]],
) -> None:
    kinds = list(dict.fromkeys(write for write, _ in accesses))
    found = spans(engine, rows(**numbers), *accesses)
    for place, fingerprint in enumerate(found):
        assert fingerprint == of(*expected[place :: len(kinds)])


@pytest.mark.parametrize(
    ("numbers", "ready", "last"),
    [
        ({}, 19, 19),  # the last clock before a refresh
        ({}, 20, 25),
        ({}, 24, 25),
        ({}, 25, 25),  # the first one after it
        ({"rcd": 3}, 16, 19),
        ({"rcd": 3}, 17, 28),  # activated before the refresh in vain
        ({"rcd": 3}, 37, 48),
    ],
)
def test_no_access_during_refresh(engine: Engine, numbers: dict[str, int], ready: int, last: int) -> None:
    state = rows(refi=20, rfc=5, **numbers)
    outcome = engine(pair(waiting(ready), dram(state, reads(0, inputs=(0,), takes=[1]))))
    assert grants(outcome, "d") == of((ready, last))


def waiting(cycle: int) -> Component:
    """A component whose one token arrives in `cycle`."""
    return server("a", program("p", run_of(1, cycle, puts=[1]), outputs=(0,)))


def test_a_refresh_closes_rows(engine: Engine) -> None:
    """The second access, to the same row, comes after the refresh and opens it again."""
    source = server("a", program("p", run_of(2, [1, 25], puts=[1]), outputs=(0,)))
    for refi, last in ((0, 26), (20, 29)):
        state = rows(refi=refi, rfc=5, rcd=3)
        outcome = engine(pair(source, dram(state, reads(0, 1, inputs=(0,), takes=[1]))))
        assert grants(outcome, "d") == of((1, 4), (26, last))


def opened(outcome: Outcome, name: str = "p") -> int:
    """Rows that the items of a program of ``d`` opened."""
    (dram,) = (part for part in outcome.components if part.name == "d")
    (found,) = (program for program in dram.programs if program.name == name)
    return found.actions[ACTIVATE]


@pytest.mark.parametrize(
    ("numbers", "places", "rows_opened"),
    [
        ({}, [], 0),
        ({}, [0, 1, PER_ROW - 1], 1),
        ({}, [PER_ROW - 1, PER_ROW], 2),
        ({}, [0, OTHER_ROW, 0], 3),
        ({"banks": 2}, [0, OTHER_BANK, 0, OTHER_BANK], 2),
        ({"banks": 2}, [0, 2 * OTHER_BANK, 0], 3),
        ({"groups": 2}, [0, 1, 2, 3], 2),
        ({"channels": 2}, [0, 1, 2, 3], 2),
        ({"channels": 2, "stripe": 2 * BURST}, [0, 1], 1),
    ],
)
def test_rows_are_counted_when_they_are_opened(
    engine: Engine, numbers: dict[str, int], places: list[int], rows_opened: int
) -> None:
    outcome = engine(Plan((dram(rows(**numbers), reads(*places), reads(name="idle")),), ()))
    assert (opened(outcome), opened(outcome, "idle")) == (rows_opened, 0)


def test_a_row_is_counted_to_who_opens_it(engine: Engine) -> None:
    """Reads and writes take turns: 0 and 1 share a row, then the write finds another."""
    both = reads(0, OTHER_ROW, name="r"), reads(1, 2, name="w", write=WRITE)
    outcome = engine(Plan((dram(rows(), *both),), ()))
    assert (opened(outcome, "r"), opened(outcome, "w")) == (2, 1)


def test_a_refreshed_row_is_opened_again(engine: Engine) -> None:
    """The third access comes in the second interval of 3 clocks; its row was open."""
    for refi, found in ((0, 1), (3, 2)):
        assert opened(engine(Plan((dram(rows(refi=refi), reads(0, 1, 2, 3)),), ()))) == found


def test_an_item_over_two_rows_opens_both(engine: Engine) -> None:
    wide = reads(PER_ROW - 1, size=2 * BURST)
    assert opened(engine(Plan((dram(rows(), wide),), ()))) == 2


@pytest.mark.parametrize("rung", [Rung.S0, Rung.S1, Rung.S2, Rung.S3])
def test_below_the_truth_no_rows_are_counted(engine: Engine, rung: Rung) -> None:
    (part,) = engine(Plan((dram(rows(), reads(0)),), ()), rung).components
    assert part.programs[0].actions == {}


def test_who_counts_rows_itself_is_refused(engine: Engine) -> None:
    plan = Plan(
        (dram(rows(), program("p", run_of(1, BURST, actions=[1]), actions=[ACTIVATE], access=at(READ, 0))),),
        (),
    )
    with pytest.raises(InputError, match=f"counts {ACTIVATE} itself, so program p must not"):
        engine(plan)


def test_an_item_is_all_the_bursts_it_touches(engine: Engine) -> None:
    for size, bursts in ((0, 1), (1, 1), (BURST, 1), (BURST + 1, 2), (3 * BURST, 3)):
        outcome = engine(Plan((dram(rows(bl=2), reads(0, size=size)),), ()))
        assert grants(outcome, "d") == of((0, max(1, 2 * bursts if size else 1) - 1))
    last = program("p", run_of(1, 2), access=Access(READ, lambda: iter([np.array([[1, BURST - 1, 0]])])))
    assert grants(engine(Plan((dram(rows(bl=2), last),), ())), "d") == of((0, 3))


def test_channels_transfer_at_once(engine: Engine) -> None:
    for channels, last in ((1, 15), (2, 7), (4, 3), (8, 3)):
        outcome = engine(Plan((dram(rows(bl=4, channels=channels), reads(0, size=4 * BURST)),), ()))
        assert grants(outcome, "d") == of((0, last))


def test_an_item_prepared_before_its_grant_waits_for_its_data_alone(engine: Engine) -> None:
    """Rows are opened for queued items while another is on the bus; `ready` is what they wait for."""
    source = server("a", program("p", run_of(2, [1, 10], puts=[1]), outputs=(0,)))
    state = rows(rcd=3, banks=2, bl=20)
    outcome = engine(pair(source, dram(state, reads(0, OTHER_BANK, inputs=(0,), takes=[1]))))
    # Ready in 1 and 11: the first is on the bus in 4 .. 23, the second's row is open in 14, its bus free in 24.
    assert grants(outcome, "d") == of((1, 23), (24, 43))


# ---------------------------------------------------------------------------------------------------- banks


def bank(name: str, state: Banks, *programs: Program, **fields: Any) -> Component:
    return server(
        name, *programs, kind="memory", arbiter="round_robin", state=state, **{"rate": (1, 0), **fields}
    )


def words(*places: int, size: int = 4, name: str = "p", **fields: Any) -> Program:
    return program(name, run_of(len(places), size), access=at(READ, *places, unit=4), **fields)


@pytest.mark.parametrize(
    ("banks", "places", "expected"),
    [
        (2, (0, 1, 2), [(0, 0), (1, 1), (2, 2)]),  # bank 0 is free again in 2
        (1, (0, 1), [(0, 0), (1, 2)]),
        (2, (0, 2), [(0, 0), (1, 2)]),
        (3, (0, 2), [(0, 0), (1, 1)]),
    ],
)
def test_a_bank_is_kept_for_its_occupancy(
    engine: Engine, banks: int, places: tuple[int, ...], expected: list[tuple[int, int]]
) -> None:
    outcome = engine(Plan((bank("m", Banks("s", banks, 4, 2), words(*places)),), ()))
    assert grants(outcome, "m") == of(*expected)


def test_words_of_an_item_in_one_bank_follow_each_other(engine: Engine) -> None:
    for banks, last in ((4, 0), (2, 3), (1, 9)):
        outcome = engine(Plan((bank("m", Banks("s", banks, 4, 3), words(0, size=16)),), ()))
        assert grants(outcome, "m") == of((0, last)), banks


def test_the_slower_of_rate_and_banks_decides(engine: Engine) -> None:
    for rate, last in (((1, 0), 3), ((8, 1), 3), ((4, 1), 3), ((3, 1), 5), ((2, 1), 7)):
        outcome = engine(Plan((bank("m", Banks("s", 2, 4, 3), words(0, size=16), rate=rate),), ()))
        assert grants(outcome, "m") == of((0, last)), rate


def test_components_of_one_store_share_its_banks_in_plan_order(engine: Engine) -> None:
    state, other = Banks("s", 2, 4), Banks("t", 2, 4)
    both = Plan((bank("a", state, words(0, 1)), bank("b", state, words(2, 4))), ())
    outcome = engine(both)
    assert grants(outcome, "a") == of((0, 0), (1, 1))
    assert grants(outcome, "b") == of((0, 1), (2, 2))
    apart = engine(Plan((bank("a", state, words(0, 1)), bank("b", other, words(2, 4))), ()))
    assert grants(apart, "b") == of((0, 0), (1, 1))


def test_waiting_for_a_bank_is_being_served(engine: Engine) -> None:
    outcome = engine(Plan((bank("m", Banks("s", 1, 4, 4), words(0, 1)),), ()))
    assert timeline(outcome, "m") == "BBBBB"


# ------------------------------------------------------------------------------------- rungs, refusals, telling


@pytest.mark.parametrize("rung", [Rung.S2, Rung.S3])
def test_below_the_truth_there_is_no_state(engine: Engine, rung: Rung) -> None:
    plan = Plan((dram(rows(rcd=50), reads(0, 1, 2)),), ())
    assert engine(plan, rung).cycles == 3
    assert engine(plan).cycles == 53


@pytest.mark.parametrize(
    ("component", "says"),
    [
        (server("d", reads(0), state=rows()), "has a state, so it needs an arbiter"),
        (dram(rows(), program("p", run_of(1))), "has a state, so program p must read or write"),
        (dram(rows(row=BURST + 1), reads(0)), "row must be whole bursts"),
        (dram(rows(bl=0), reads(0)), "bl must be at least 1"),
        (dram(rows(rcd=-1), reads(0)), "rcd must not be negative"),
        (dram(rows(clock=(0, 1)), reads(0)), "clock must be a ratio of whole numbers above 0"),
        (dram(rows(refi=9, rfc=1, faw=2), reads(0)), "rfc must be at least rc, faw and rrd"),
        (dram(rows(refi=9, rfc=5, rcd=4), reads(0)), "refi is too short"),
        (bank("m", Banks("s", 0, 4), words(0)), "banks must be at least 1"),
    ],
)
def test_a_state_that_cannot_be_is_refused(engine: Engine, component: Component, says: str) -> None:
    plan = Plan((component,), ())
    assert any(says in line for line in problems(plan))
    with pytest.raises(InputError, match=says):
        engine(plan)


def test_stores_of_one_name_must_agree(engine: Engine) -> None:
    plan = Plan((bank("a", Banks("s", 2, 4), words(0)), bank("b", Banks("s", 3, 4), words(0))), ())
    with pytest.raises(InputError, match="component b: store s is described differently elsewhere"):
        engine(plan)


def test_items_without_addresses_are_refused(engine: Engine) -> None:
    plan = Plan((dram(rows(), program("p", run_of(3), access=at(READ, 0, 1))),), ())
    assert problems(plan) == ["component d: program p has 3 items at 2 addresses"]
    with pytest.raises(ValueError, match="program p has items without addresses"):
        engine(plan)


def test_requests_are_told_in_the_order_of_grants(engine: Engine) -> None:
    told: list[tuple[int, bool, int]] = []
    state = rows(bl=2)
    plan = Plan((dram(state, reads(0, 1, 2, name="r"), reads(5, 6, name="w", write=WRITE)),), ())
    outcome = engine(plan, requests={"d": lambda *request: told.append(request)})
    bursts = [(0, False, 0), (2, True, 5), (4, False, 1), (6, True, 6), (8, False, 2)]
    assert told == [(cycle, write, BURST * place) for cycle, write, place in bursts]
    assert outcome.digest == engine(plan).digest


def test_requests_need_no_state(engine: Engine) -> None:
    told: list[tuple[int, bool, int]] = []
    plan = Plan((server("d", reads(3, 4), rate=(4, 1), arbiter="priority"),), ())
    outcome = engine(plan, requests={"d": lambda *request: told.append(request)})
    assert told == [(0, False, 3 * BURST), (2, False, 4 * BURST)]
    assert outcome.digest == engine(plan).digest


@pytest.mark.parametrize(
    ("name", "rung", "says"),
    [
        ("e", Rung.S4, "requests of 'e': no such component with addresses; choices: d"),
        ("a", Rung.S4, "no such component with addresses"),
        ("d", Rung.S3, "requests of d: are those of rung S4"),
    ],
)
def test_requests_nobody_makes_are_refused(engine: Engine, name: str, rung: Rung, says: str) -> None:
    plan = Plan((dram(rows(), reads(0)), server("a", program("p", run_of(1)))), ())
    with pytest.raises(InputError, match=says):
        engine(plan, rung, requests={name: lambda *_: None})


def test_channels_and_states_meet(engine: Engine) -> None:
    """A full output keeps a DRAM from being granted; its token leaves when the burst is over."""
    sink = server("b", program("p", run_of(2, 9, takes=[1]), inputs=(0,)))
    plan = Plan((dram(rows(bl=3), reads(0, 1, outputs=(0,), puts=[1])), sink), (Channel("c", 1),))
    outcome = engine(plan)
    assert grants(outcome, "d") == of((0, 2), (12, 14))
    assert timeline(outcome, "d") == "BBB" + "x" * 9 + "BBB" + "." * 9

"""Closed forms of memories hold, and only with the memory's own timings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.hardware.components.timing import names
from validation.claims import memory


def test_all_claims_hold() -> None:
    claims = list(memory.claims())
    assert len(claims) == 4 * len(names())
    assert [claim.name for claim in claims if not claim.holds] == []


@pytest.mark.parametrize("timing", ["rcd", "cl", "bl", "rc", "faw", "cwl", "wtr_l", "turn"])
def test_another_timing_breaks_a_closed_form(timing: str) -> None:
    of = replace(memory.state("DDR4"), refi=0)
    slower = replace(of, **{timing: getattr(of, timing) + 1})
    told = memory.one_bank(of), memory.each_bank(of), memory.turns(of)
    streams = [memory.rows_of_one_bank(of)], [memory.banks_in_turn(of)], memory.halves(of)
    assert told == tuple(memory.cycles(of, *programs) for programs in streams)
    assert told != tuple(memory.cycles(slower, *programs) for programs in streams)

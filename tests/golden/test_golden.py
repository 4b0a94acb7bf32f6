"""No result changes unnoticed: the integers of every case are those that were recorded."""

from __future__ import annotations

import pytest
from golden.cases import digest, everything, of, recorded


@pytest.mark.parametrize("name", everything())
def test_integers_are_those_recorded(name: str) -> None:
    known = recorded().get(name)
    assert known is not None, f"{name} has no digests: cd tests && python -m golden.cases --update {name}"
    found = {case: digest(call) for case, call in of(name)}
    changed = sorted(case for case in {**known, **found} if known.get(case) != found.get(case))
    assert changed == [], "results changed; if on purpose, say so in the changelog and record them anew"


def test_nothing_recorded_is_left_behind() -> None:
    assert set(recorded()) == set(everything())

from __future__ import annotations

import pytest

from simulator.errors import DeadlockError, InfeasibleError, InputError, SimulatorError, UnitError, suggest


@pytest.mark.parametrize(
    ("error", "code"),
    [(SimulatorError, 1), (InputError, 2), (UnitError, 2), (InfeasibleError, 4), (DeadlockError, 5)],
)
def test_exit_codes(error: type[SimulatorError], code: int) -> None:
    assert issubclass(error, SimulatorError)
    assert error.exit_code == code


def test_deadlock_says_when_and_who_waits() -> None:
    error = DeadlockError(7, ("a/x waits for a token on c", "b/y waits for room on d"))
    assert error.cycle == 7
    assert str(error) == "deadlock after cycle 7: a/x waits for a token on c; b/y waits for room on d"


def test_suggest_names_the_nearest_and_all_choices() -> None:
    assert suggest("hihglight", ["tc", "highlight"]) == "did you mean 'highlight'? choices: highlight, tc"


def test_suggest_is_silent_when_nothing_is_near() -> None:
    assert suggest("zzz", ["tc", "highlight"]) == "choices: highlight, tc"

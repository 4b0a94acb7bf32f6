from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from validation.claims import Claim, information, within
from validation.registry import SETS, ClaimSet


def good() -> Iterator[Claim]:
    yield within("a sum", 4, 5, "cycles", 1, "arithmetic")
    yield information("a remark", 7, "cycles", "ours", expected=4, note="with stalls")


def bad() -> Iterator[Claim]:
    yield Claim("a ratio", Fraction(4), Fraction(3), "1", Fraction(1, 5), "arithmetic")


@pytest.fixture(autouse=True)
def sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(SETS):
        monkeypatch.delitem(SETS, name)
    monkeypatch.setitem(SETS, "good", ClaimSet(f"{__name__}:good"))
    monkeypatch.setitem(SETS, "bad", ClaimSet(f"{__name__}:bad"))
    monkeypatch.setitem(SETS, "recorded", ClaimSet(f"{__name__}:good", data="cases"))


def test_a_set_that_holds(run) -> None:
    ran = run("validate", "good")
    assert (ran.code, ran.err) == (0, "")
    title, *_, sum_, remark, total = (line for line in ran.out.splitlines() if line.strip())
    assert title == "good: 1 hold, 1 for information"
    assert sum_.split() == ["a", "sum", "4", "5", "cycles", "+1", "1", "holds", "arithmetic"]
    assert remark.split()[:6] == ["a", "remark", "4", "7", "cycles", "+75.00%"]
    assert "information: with stalls" in remark
    assert total == "1 hold, 1 for information"


def test_one_that_does_not_is_exit_3(run, tmp_path: Path) -> None:
    ran = run("validate", "--data", str(tmp_path))
    assert ran.code == 3
    assert "fails" in ran.out
    assert ran.out.splitlines()[-1] == "1 hold, 1 fail, 1 for information, 1 skipped"


def test_json_has_exact_numbers(run) -> None:
    ran = run("validate", "bad", "--json")
    assert ran.code == 3
    found = json.loads(ran.out)
    assert found["totals"] == {"holds": 0, "fails": 1, "information": 0, "skipped": 0}
    (claim,) = found["claims"]
    assert (claim["set"], claim["name"], claim["verdict"]) == ("bad", "a ratio", "fails")
    assert claim["exact"] == {"expected": "4", "measured": "3", "deviation": "-1/4"}
    assert (claim["deviation"], claim["tolerance"]) == (-0.25, 0.2)


def test_a_page(run) -> None:
    ran = run("validate", "bad", "--markdown")
    assert "| a ratio | 4 | 3 | 1 | -25.00% | 20.00% | fails | arithmetic |" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["god"], "error: no claims called 'god'; did you mean 'good'? choices: bad, good, recorded"),
        (["--data", "nowhere"], "error: nowhere: is no folder of recorded data"),
        (["--json", "--markdown"], "error: --json and --markdown: give one of them"),
    ],
)
def test_wrong_input_is_one_message(run, args: list[str], message: str) -> None:
    ran = run("validate", *args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == message


def test_the_module_is_the_verb() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "validation", "nothing"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "error: no claims called 'nothing'" in ran.stderr

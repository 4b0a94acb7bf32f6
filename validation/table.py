"""Claims as rows of text, as a document, and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from validation.claims import Claim
from validation.registry import subject

COLUMNS = (
    ("claim", False),
    ("expected", True),
    ("measured", True),
    ("unit", False),
    ("deviation", True),
    ("tolerance", True),
    ("verdict", False),
    ("source", False),
)
"""Header, and whether the column holds numbers."""

PAGE = """# Validation

Every claim this project makes about a number, measured. `sparsecycle validate [NAME...]` makes these tables anew and
exits with 3 when a claim fails; this page is `python -m validation --markdown`. *Information* is shown beside a claim and
not judged: what the whole machine does where a source describes a part of it. `highlight_edp` takes minutes and is measured
when it is named; its tables are [a page of their own](studies/highlight_edp.md).
"""


def row(claim: Claim) -> list[str]:
    """The cells of a claim, as in :data:`COLUMNS`."""
    deviation = "" if claim.deviation is None else _spread(claim, claim.deviation, "+")
    tolerance = (_spread(claim, claim.tolerance) if claim.tolerance else "exact") if claim.judged else ""
    verdict = f"{claim.verdict}: {claim.note}" if claim.note else claim.verdict
    numbers = [_number(claim.expected), _number(claim.measured)]
    return [claim.name, *numbers, claim.unit, deviation, tolerance, verdict, claim.source]


def _number(value: Fraction | None) -> str:
    if value is None:
        return ""
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):.6g}"


def _spread(claim: Claim, value: Fraction, sign: str = "") -> str:
    if claim.kind == "absolute" and claim.unit != "mean |error|":
        return f"{float(value):{sign}g}"
    share = claim.expected or claim.unit == "mean |error|"
    return f"{float(value):{sign}.2%}" if share else f"{float(value):{sign}g}"


def document(measured: Mapping[str, list[Claim]]) -> dict[str, Any]:
    """Everything, for a program to read; exact numbers as text too."""
    claims = [{"set": name, **_fields(claim)} for name, found in measured.items() for claim in found]
    verdicts = [claim["verdict"] for claim in claims]
    kinds = ("holds", "fails", "information", "skipped")
    return {"schema_version": 1, "totals": {kind: verdicts.count(kind) for kind in kinds}, "claims": claims}


def _fields(claim: Claim) -> dict[str, Any]:
    numbers = {name: getattr(claim, name) for name in ("expected", "measured", "deviation")}
    return {
        "name": claim.name,
        **{name: None if value is None else float(value) for name, value in numbers.items()},
        "exact": {name: None if value is None else str(value) for name, value in numbers.items()},
        "unit": claim.unit,
        "kind": claim.kind,
        "tolerance": float(claim.tolerance) if claim.judged else None,
        "verdict": claim.verdict,
        "source": claim.source,
        "note": claim.note,
    }


def summary(claims: Iterable[Claim]) -> str:
    """How many hold, fail, are shown and are skipped, in words."""
    verdicts = [claim.verdict for claim in claims]
    said = [("holds", "hold"), ("fails", "fail"), ("information", "for information"), ("skipped", "skipped")]
    return ", ".join(f"{verdicts.count(kind)} {words}" for kind, words in said if kind in verdicts)


def page(measured: Mapping[str, list[Claim]]) -> str:
    """The page of the documentation."""
    parts = [PAGE]
    for name, claims in measured.items():
        parts += [f"## {name}", "", subject(name), "", f"{summary(claims)}.", ""]
        parts += [
            _line(header for header, _ in COLUMNS),
            _line("--:" if right else "---" for _, right in COLUMNS),
        ]
        parts += [*(_line(row(claim)) for claim in claims), ""]
    return "\n".join(parts).rstrip("\n")


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

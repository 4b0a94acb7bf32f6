"""Structure per row and in both operands: every ideal ratio holds, the published ones are shown."""

from __future__ import annotations

from validation.claims import structured


def test_every_ratio_holds() -> None:
    claims = list(structured.claims())
    assert [claim.name for claim in claims if not claim.holds] == []
    assert sum(claim.judged for claim in claims) == 6 + 7 + 3 + 5 + 8
    shown = [claim for claim in claims if not claim.judged]
    assert [float(claim.expected or 0) for claim in shown[:3]] == [1.09, 2.2, 3.74]
    both = [claim for claim in shown[3:] if "SDQ" in claim.name]
    assert all(claim.measured < claim.expected for claim in both)
    assert len(both) == 4
    assert all(claim.note for claim in shown)

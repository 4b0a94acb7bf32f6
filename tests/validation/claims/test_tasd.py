from validation.claims import tasd


def test_every_ratio_holds() -> None:
    found = list(tasd.claims())
    assert [claim.name for claim in found if not claim.holds] == []
    assert len(found) == 2 * (1 + 1 + 3 + 6) + 4

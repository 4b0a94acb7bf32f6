"""``python -m validation``: measure every claim and print it; exit code 3 when one does not hold."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from validation.claims import highlight


def main() -> int:
    """Print the table of claims."""
    table = Table(title="claims")
    for heading in ("claim", "expected", "measured", "unit", "deviation", "tolerance", "holds", "source"):
        table.add_column(heading, justify="left" if heading in ("claim", "source", "unit") else "right")
    failed = 0
    for claim in highlight.claims():
        failed += not claim.holds
        values = [f"{float(v):.6g}" for v in (claim.expected, claim.measured)]
        spread = [f"{float(claim.deviation):+.2%}", f"{float(claim.tolerance):.2%}"]
        table.add_row(claim.name, *values, claim.unit, *spread, "yes" if claim.holds else "NO", claim.source)
    Console().print(table)
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Options that several verbs have: the same name, the same words, everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from simulator.registry import names

layers = click.option("--layers", metavar="GLOB", default="*", help="Only layers whose name matches.")
sets = click.option(
    "--set", "sets", multiple=True, metavar="PATH=VALUE", help="Change a parameter of HW; repeatable."
)
model = click.option(
    "--model",
    type=click.Choice(names("model")),
    default="sparseloop",
    show_default=True,
    help="Who estimates.",
)
problem = click.option("--problem", metavar="FILE", help="Which problem of a specification that has several.")
mapping = click.option("--mapping", metavar="FILE", help="Which mapping, in the same way.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
quiet = click.option("--quiet", is_flag=True, help="No progress bar.")
force = click.option("--force", is_flag=True, help="Overwrite an existing file.")


def out(told: str) -> Callable[[Any], Any]:
    """The file a verb writes, which must be named; `told` is its help."""
    kind = click.Path(path_type=Path)
    return click.option("-o", "--out", metavar="FILE", type=kind, required=True, help=told)

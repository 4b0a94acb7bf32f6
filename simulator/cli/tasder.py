"""``tasder``: search a series of structured terms for every layer of a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli import shared

if TYPE_CHECKING:
    from simulator.search.tasder import Found
    from simulator.search.tasder.subject import Subject


@click.command()
@click.argument("hw", metavar="HW")
@click.argument("network", metavar="NETWORK")
@shared.out("Series file to write (.yaml).")
@shared.layers
@click.option(
    "--objective",
    type=click.Choice(("cycles", "energy", "edp")),
    default="edp",
    show_default=True,
    help="What is to be least, of all layers together.",
)
@click.option(
    "--from",
    "source",
    type=click.Choice(("simulator", "formula")),
    default="simulator",
    show_default=True,
    help="Where costs are from while searching: the cycle engine or a closed form (what is found is simulated).",
)
@click.option(
    "--quality",
    "least",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.99,
    show_default=True,
    help="Share of the original quality to keep.",
)
@click.option("--sides", default="weights,inputs", show_default=True, help="What may be decomposed.")
@click.option("--prune", metavar="PATTERN", help="Of a trained transformer: prune its blocks' weights first.")
@click.option(
    "--stand-in",
    is_flag=True,
    help="Judge a trace by what is left of its outputs, even where its task is known.",
)
@shared.sets
@click.option(
    "--force", is_flag=True, help="Overwrite an existing file, and begin an unfinished search anew."
)
@shared.as_json
@shared.quiet
def command(
    hw: str,
    network: str,
    out: Path,
    layers: str,
    objective: str,
    source: str,
    least: float,
    sides: str,
    prune: str | None,
    stand_in: bool,
    sets: tuple[str, ...],
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search series for the layers of NETWORK on HW.

    HW is a machine that runs series of structured terms (ttc_*). NETWORK is a trace: of the digits its quality is the share of
    images named rightly, of any other how much of its outputs is left; or the .npz file of a trained transformer, judged by
    perplexity. A search that was interrupted is continued by the same command. `sparsecycle run HW TRACE --series FILE` runs what
    was found.
    """
    from simulator.api.series import search_series, series_machine
    from simulator.cli.changes import claimed
    from simulator.cli.console import progress_bar
    from simulator.cli.inputs import pairs
    from simulator.search.tasder import write

    claimed(out, force)
    machine = series_machine(hw, pairs(sets, "--set"))
    subject = subject_of(network, layers, prune, stand_in)
    journal = out.with_name(out.name + ".unfinished")
    if force:
        journal.unlink(missing_ok=True)
    chosen = tuple(side.strip() for side in sides.split(","))
    with progress_bar(subject.name, quiet) as report:

        def tell(what: str, done: int, of: int) -> None:
            report(done, of, what)

        found = search_series(machine, subject, objective, source, least, chosen, journal=journal, tell=tell)
    asked = {"set": list(sets), "layers": layers, "sides": sides, "prune": prune, "stand_in": stand_in}
    notes = document(found, subject, hw, objective, source, least) | {"asked": asked}
    write(out, found.choices, notes)
    journal.unlink(missing_ok=True)
    if as_json:
        from simulator.cli.console import print_json

        print_json(
            {**notes, "layers": {name: dict([choice]) for name, choice in sorted(found.choices.items())}}
        )
    else:
        _print(found, subject, machine.name, notes, out)


def subject_of(network: str, layers: str, prune: str | None, stand_in: bool) -> Subject:
    """The network to search, and how it is judged."""
    from simulator.errors import InputError
    from simulator.search.tasder import digits, recorded

    if Path(network).suffix == ".npz":
        if layers != "*":
            raise InputError(f"--layers {layers!r}: a trained transformer is searched as a whole")
        if stand_in:
            raise InputError("--stand-in: is for traces; a trained transformer is judged by its perplexity")
        return _transformer(Path(network), prune)
    if prune is not None:
        raise InputError(
            "--prune: is for the .npz file of a trained transformer; a trace is pruned by: sparsecycle trace change"
        )
    from simulator.cli.workload import workload_of

    trace = workload_of(network, layers)
    if trace.attrs.get("recipe") in digits.RECIPES and not stand_in:
        networks = {layer.name.partition("/")[0] for layer in trace.layers}
        whole = [x for x in workload_of(network, "*").layers if x.name.partition("/")[0] in networks]
        if len(networks) == 1 and len(whole) != len(trace.layers):
            raise InputError(
                f"--layers {layers!r}: images are named by all layers of {min(networks)!r}; "
                f"choose '{min(networks)}/*', or --stand-in"
            )
        return digits.of(trace, trace.layers)
    return recorded.of(trace)


def _transformer(path: Path, prune: str | None) -> Subject:
    import numpy as np

    from simulator.search.tasder.transformer import TransformerSubject
    from simulator.workload.networks.transformer_file import load
    from simulator.workload.pruning import keep

    trained = load(path)
    network = trained.network
    if prune is not None:
        some = [name for name in network.shape.linears if name != "head"]
        weights = {
            name: np.where(keep(network.weight(name), prune), network.weight(name), np.float32(0))
            for name in some
        }
        network = network.with_weights(weights, prune)
    return TransformerSubject(
        "dense" if prune is None else "pruned", network, trained.calibration, trained.held_out
    )


def document(
    found: Found, subject: Subject, hw: str, objective: str, source: str, least: float
) -> dict[str, Any]:
    """What a series file says of how it was found, besides what was asked."""
    unseen = subject.unseen({}), subject.unseen(found.choices)
    return {
        "network": subject.name,
        "machine": hw,
        "objective": objective,
        "cost_from": source,
        "quality_kept_at_least": least,
        "quality": subject.measure,
        "quality_original": round(found.original, 6),
        "quality_found": round(found.quality, 6),
        "quality_unseen_original": round(unseen[0], 6),
        "quality_unseen": round(unseen[1], 6),
        "cycles_plain": found.plain.cycles,
        "cycles": found.cost.cycles,
        "energy_plain_uj": round(found.plain.energy_pj / 1e6, 4),
        "energy_uj": round(found.cost.energy_pj / 1e6, 4),
        "edp_ratio": round(found.cost.of("edp") / found.plain.of("edp"), 6),
        "networks_measured": found.measured,
    }


def _print(found: Found, subject: Subject, machine: str, notes: dict[str, Any], out: Path) -> None:
    from simulator.cli.console import print_table

    rows = [[layer.name, *found.choices.get(layer.name, ("", "as it is"))] for layer in subject.layers]
    print_table(f"{subject.name} on {machine}", [(name, False) for name in ("layer", "side", "series")], rows)
    click.echo(f"quality: {subject.measure}")
    click.echo(
        f"{notes['quality_original']:.4f} -> {notes['quality_found']:.4f}; unseen {notes['quality_unseen_original']:.4f} -> "
        f"{notes['quality_unseen']:.4f}; {found.measured} networks measured"
    )
    click.echo(
        f"cycles {found.plain.cycles:,} -> {found.cost.cycles:,}, energy {notes['energy_plain_uj']} -> {notes['energy_uj']} uJ, "
        f"EDP x {notes['edp_ratio']:.3f}"
    )
    click.echo(f"wrote {out}")

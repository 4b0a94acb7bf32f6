"""The tables of the study as text for its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.transform.tasd import parse
from validation import markdown
from validation.studies.tasd.measure import BASELINES, SIDES, TTC, Point
from validation.studies.tasd.networks import DEGREES
from validation.studies.tasd.sizes import SIZE, Sized
from validation.studies.tasd.units import COLUMNS, UNITS, Hidden

MACHINES = (*BASELINES, *TTC)


def of(points: Iterable[Point], **fields: object) -> list[Point]:
    """Points with these fields."""
    return [p for p in points if all(getattr(p, name) == value for name, value in fields.items())]


def networks(points: list[Point]) -> list[str]:
    """Networks in the order they were measured."""
    return list(dict.fromkeys(p.network for p in points))


def seeds(points: list[Point]) -> list[int]:
    """Seeds in order."""
    return sorted({p.seed for p in points})


def relative(points: list[Point], network: str, degree: str, machine: str) -> list[float]:
    """EDP over that of tc, a number per seed."""
    found = []
    for seed in seeds(points):
        some = of(points, network=network, degree=degree, seed=seed)
        (this,), (core,) = of(some, machine=machine), of(some, machine="tc")
        found.append(this.edp / core.edp)
    return found


def mean(values: list[float]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)


def spread(values: list[float], digits: int = 2) -> str:
    """Mean, and the least and largest where they differ."""
    told, least, largest = (f"{each(values):.{digits}f}" for each in (mean, min, max))
    return told if least == largest else f"{told} ({least} to {largest})"


def tables(points: list[Point], hidden: list[Hidden], products: list[Sized]) -> str:
    """Headline, EDP, quality and series of the networks, if there are any; a product of the paper's size; units."""
    parts: list[str] = []
    if points:
        count = len(seeds(points))
        parts += ["### Beside the paper", "", *markdown.table(_paper(points)), ""]
        parts += [f"### EDP over that of `tc`, mean of {count} seeds (least to largest)", ""]
        parts += [*markdown.table(_edp(points)), ""]
        parts += [
            "### Quality kept, in per cent of the network without series, on data the search did not see",
            "",
        ]
        parts += [*markdown.table(_quality(points)), ""]
        parts += ["### Series chosen for `ttc_vegeta_m8`, first seed", "", *_series(points)]
    m, k, n = SIZE
    parts += [f"### A product of the paper's size: {m} x {k} x {n}, over `tc`", ""]
    parts += [*markdown.table(_sizes(products)), ""]
    parts += ["### Units: cycles over those with as many as ever help", "", *markdown.table(_units(hidden))]
    return "\n".join(parts).rstrip("\n")


def _edp(points: list[Point]) -> Iterator[list[str]]:
    yield ["network, weights zero", *(f"`{name}`" for name in MACHINES)]
    for network in networks(points):
        for degree in DEGREES:
            cells = [spread(relative(points, network, degree, name)) for name in MACHINES]
            yield [f"{network}, {degree}", *cells]


def _paper(points: list[Point]) -> Iterator[list[str]]:
    """What is saved: one minus the relative EDP, of the best TASD machine of each network, and of each machine."""
    yield ["EDP saved over the dense core", "paper claims", *(f"ours, `{name}`" for name in TTC)]
    saved = {
        name: [1 - mean(relative(points, n, d, name)) for n in networks(points) for d in DEGREES]
        for name in TTC
    }
    yield ["at best", "83%", *(f"{100 * max(saved[name]):.0f}%" for name in TTC)]
    yield ["on average", "74%", *(f"{100 * mean(saved[name]):.0f}%" for name in TTC)]
    for n in networks(points):
        each = {name: [1 - mean(relative(points, n, d, name)) for d in DEGREES] for name in TTC}
        yield [f"{n}, average", "", *(f"{100 * mean(each[name]):.0f}%" for name in TTC)]


def _quality(points: list[Point]) -> Iterator[list[str]]:
    yield ["network, weights zero", "accuracy in %, perplexity", *(f"`{name}`" for name in TTC)]
    for network in networks(points):
        for degree in DEGREES:
            some = of(points, network=network, degree=degree)
            start = [_told(network, p.unseen[0]) for p in of(some, machine="tc")]
            kept = [
                spread([100 * p.unseen[1] / p.unseen[0] for p in of(some, machine=name)], 1) for name in TTC
            ]
            yield [f"{network}, {degree}", spread(start, 2), *kept]


def _told(network: str, quality: float) -> float:
    """Accuracy in per cent, or perplexity."""
    return 100 * quality if network == "CNN" else 1 / quality


def _series(points: list[Point]) -> Iterator[str]:
    for network in networks(points):
        some = of(points, network=network, seed=seeds(points)[0], machine="ttc_vegeta_m8")
        layers = [layer for layer in some[0].choices if any(p.choices[layer] for p in some)]
        rows = [[network, *(p.degree for p in some)]]
        rows += [[layer, *(_choice(p, layer) for p in some)] for layer in layers]
        yield from (*markdown.table(rows), "")


def _choice(point: Point, layer: str) -> str:
    choice = point.choices[layer]
    return "as it is" if choice is None else f"{'W' if choice[0] == 'weights' else 'A'} {choice[1]}"


def _sizes(products: list[Sized]) -> Iterator[list[str]]:
    yield [
        "machine, series",
        "N / M",
        *(f"{what}, {side}" for side in SIDES for what in ("cycles", "energy", "EDP")),
    ]
    for one in products:
        cells = [f"{one.machine}, {one.series}", f"{float(parse(one.series).cost):.3f}"]
        for side in SIDES:
            cells += [f"{value:.2f}" for value in (one.cycles[side], one.energy[side], one.edp(side))]
        yield cells


def _units(hidden: list[Hidden]) -> Iterator[list[str]]:
    yield ["series of inputs, columns of a pass", *(f"{units} units" for units in UNITS)]
    for series in dict.fromkeys(h.series for h in hidden):
        for columns in COLUMNS:
            cells = [h for h in hidden if (h.series, h.columns) == (series, columns)]
            yield [f"{series}, {columns}", *(f"{h.slowdown:.2f}" for h in cells)]

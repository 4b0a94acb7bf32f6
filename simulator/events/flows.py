"""What led to what: arrows from item to item, along which a tile can be followed from main memory to the output.

Tokens of a channel are taken in the order they were put. With p[i] the tokens of a channel put before item i of its producer (those
there at first included) and t[j] those taken by items up to and with j of its consumer, the first token of i is taken by the first
j with ``t[j] > p[i]``: an arrow of *data*. An item that such an arrow reaches, and that puts nothing itself, holds what it took: an
arrow of *program* leads on to the next item of its program that puts something. Slots told as tokens are no data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.events.log import LayerEvents, Track, sums

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Arrows:
    """Arrows between items of two tracks of a layer.

    Attributes
    ----------
    source, target : int
        Places of the tracks.
    channel : int or None
        What was passed on through; None within a program.
    sources, targets : ndarray of int64, shape (n,)
        Places of the items on their tracks.
    """

    source: int
    target: int
    channel: int | None
    sources: Ints
    targets: Ints


def arrows(layer: LayerEvents) -> list[Arrows]:
    """All arrows between items of a window."""
    queues = set(layer.queues())
    puts = [_puts(track, queues) for track in layer.tracks]
    found, reached = [], [np.zeros(len(track.events), dtype=np.bool_) for track in layer.tracks]
    for channel in sorted(queues):
        producer, consumer = layer.ends[channel]
        if producer is None or consumer is None:
            continue
        told = _along(layer, channel, producer, consumer)
        reached[told.target][told.targets] = True
        found.append(told)
    for place, (hit, put) in enumerate(zip(reached, puts, strict=True)):
        holding, putting = np.flatnonzero(hit & ~put), np.flatnonzero(put)
        after = np.searchsorted(putting, holding)
        kept = after < len(putting)
        found.append(Arrows(place, place, None, holding[kept], putting[after[kept]]))
    return [each for each in found if len(each.sources)]


def _puts(track: Track, queues: set[int]) -> NDArray[np.bool_]:
    ports = [port for port, channel in enumerate(track.program.outputs) if channel in queues]
    return np.asarray((track.items.puts[ports] > 0).any(axis=0))


def _along(layer: LayerEvents, channel: int, producer: tuple[int, int], consumer: tuple[int, int]) -> Arrows:
    (source, output), (target, entry) = producer, consumer
    puts, takes = layer.tracks[source].items.puts[output], layer.tracks[target].items.takes[entry]
    initial = layer.channels[channel].initial or 0
    first = initial + sums(puts, layer.tracks[source].items.put[output]) - puts
    taken = sums(takes, layer.tracks[target].items.taken[entry])
    at = np.searchsorted(taken, first, side="right")
    kept = (puts > 0) & (at < len(taken))
    return Arrows(source, target, channel, np.flatnonzero(kept), at[kept])

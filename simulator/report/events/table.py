"""A log as comma-separated values: a row per item, in the order of components, programs and items."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from simulator.events import Log

COLUMNS = (
    "layer",
    "group",
    "component",
    "program",
    "item_number",
    "start_cycle",
    "finish_cycle",
    "depart_cycle",
    "demand",
    "demand_unit",
    "address_bytes",
)
"""Cycles are those of the log: start, last in service, departure."""


def write(log: Log, path: Path) -> None:
    """Write a ``.csv`` file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for layer in log.layers:
            for track in layer.tracks:
                part, events = layer.components[track.component], track.events
                named = (layer.name, part.group, part.name, events.name)
                count = len(events)
                address = [""] * count if track.items.address is None else track.items.address.tolist()
                times = (
                    (each + layer.offset).tolist() for each in (events.start, events.finish, events.depart)
                )
                number = (events.first + np.arange(count)).tolist()
                demand = track.items.demand.tolist()
                for told in zip(number, *times, demand, [track.unit] * count, address, strict=True):
                    rows.writerow((*named, *told))

"""Energy and area reference tables (Accelergy's ERT and ART, v0.2 to v0.4) -> a reference table.

Energies are in pJ, areas in um2; an action told for several arguments has the largest, as Timeloop takes it. The summaries that
Accelergy writes beside the tables serve where the tables are missing.
"""

from __future__ import annotations

from simulator.energy.reference_table import ReferenceTable, component_name
from simulator.frontend.timeloop.node import Fields, Node
from simulator.hardware.hierarchy import Hierarchy

_ACTIONS = ("read", "write", "update")
_PER_ACCESS = "vector_access_energy"


def read_energies(
    ert: Node | None, art: Node | None, hierarchy: Hierarchy, notes: list[str]
) -> ReferenceTable:
    """Read the tables that are there; an energy in the architecture itself comes before them.

    Raises
    ------
    InputError
        A table without name, action or number, or a negative energy.
    """
    energy: dict[str, dict[str, float]] = {}
    for table in _tables(ert, notes):
        name = component_name(table.require("name").text())
        actions = table.take("actions")
        rows = energy.setdefault(name, {})
        for item in actions.items() if actions is not None else []:
            _action(item, rows, notes)
        table.take("primitive_estimation(s)")
        table.leave(notes)
    for storage in hierarchy.storage:
        told = dict(storage.attributes).get(_PER_ACCESS)
        if told is not None:
            energy.setdefault(storage.name, {}).update(dict.fromkeys(_ACTIONS, float(told)))
    area: dict[str, float] = {}
    for table in _tables(art, notes):
        node = table.require("area")
        area[component_name(table.require("name").text())] = _positive(node)
        table.take("primitive_estimations")
        table.leave(notes)
    source = ", ".join(node.document.name for node in (ert, art) if node is not None)
    return ReferenceTable(energy, area, source)


def _tables(node: Node | None, notes: list[str]) -> list[Fields]:
    if node is None:
        return []
    fields = node.fields()
    fields.take("version")
    tables = fields.take("tables", "table_summary")
    fields.leave(notes)
    return [item.fields() for item in tables.items()] if tables is not None else []


def _action(item: Node, rows: dict[str, float], notes: list[str]) -> None:
    fields = item.fields()
    name = fields.require("name").text()
    energy = _positive(fields.require("energy", "max_energy"))
    for told in ("arguments", "average_energy", "min_energy"):
        fields.take(told)
    fields.leave(notes)
    rows[name] = max(energy, rows.get(name, energy))


def _positive(node: Node) -> float:
    value = float(node.number())
    if value < 0:
        raise node.fail(f"{value:g} is negative")
    return value

"""Action counts x a table of energy per action; every row names its technology node and its source."""

from simulator.energy.product import edp_joule_seconds, edp_pj_cycles
from simulator.energy.table import Row, Table
from simulator.energy.table_file import load, names

__all__ = ["Row", "Table", "edp_joule_seconds", "edp_pj_cycles", "load", "names"]

"""Pictures and tables of results; they read records and nothing else."""

from simulator.report.energy import energy
from simulator.report.layers_csv import layers_csv
from simulator.report.roofline import roofline
from simulator.report.speedup import speedup
from simulator.report.stalls import stalls
from simulator.report.table import table
from simulator.report.timeline import timeline

__all__ = ["energy", "layers_csv", "roofline", "speedup", "stalls", "table", "timeline"]

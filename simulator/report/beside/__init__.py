"""Several results in one picture, each under its label: the same scales, so that lengths can be compared."""

from simulator.report.beside.energy import energy
from simulator.report.beside.labels import Labelled, labelled
from simulator.report.beside.roofline import roofline
from simulator.report.beside.speedup import speedup
from simulator.report.beside.stalls import stalls
from simulator.report.beside.timeline import timeline

__all__ = ["Labelled", "energy", "labelled", "roofline", "speedup", "stalls", "timeline"]

"""Specifications of Timeloop and Sparseloop: v0.3 and v0.4 files to design points and back, and their results."""

from simulator.frontend.timeloop.loading import load, load_told, loads
from simulator.frontend.timeloop.reading import read_results
from simulator.frontend.timeloop.writing import dump

__all__ = ["dump", "load", "load_told", "loads", "read_results"]

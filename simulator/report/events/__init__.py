"""Logs of events as files: Perfetto, Chrome, waveforms, tables."""

from simulator.report.events.files import SUFFIXES, suffix_of, write

__all__ = ["SUFFIXES", "suffix_of", "write"]

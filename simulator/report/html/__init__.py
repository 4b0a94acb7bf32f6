"""A result as one self-contained HTML page."""

from simulator.report.html.page import report

__all__ = ["report"]

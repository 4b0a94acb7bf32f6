"""An estimate laid beside the simulation of the same thing: the ladder between them, rung by rung, and figure by figure."""

from simulator.comparison.ladder import Ladder, Subject

__all__ = ["Ladder", "Subject"]

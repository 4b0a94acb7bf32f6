"""The hand-over from lowering to the engines: a network of components, and per program its items as runs."""

from simulator.plan.access import Access
from simulator.plan.network import Channel, Component, Plan, Program
from simulator.plan.runs import Chunk, RunWriter, Visits

__all__ = ["Access", "Channel", "Chunk", "Component", "Plan", "Program", "RunWriter", "Visits"]

"""Workload to workload: prune, quantise, permute, sample, decompose."""

from simulator.transform import sdq
from simulator.transform.permute import ORDERS, permute
from simulator.transform.prune import prune
from simulator.transform.quantise import quantise
from simulator.transform.sample import choose, crop

__all__ = ["ORDERS", "choose", "crop", "permute", "prune", "quantise", "sdq"]

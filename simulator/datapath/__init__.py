"""Work kernels: what a datapath asks of the machine, and what it computes. Used by lowering and by the functional check only."""

from simulator.datapath.code import Code, Datapath

__all__ = ["Code", "Datapath"]

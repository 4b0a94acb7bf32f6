"""PyTorch models as traces: the products of a live model recorded while it runs."""

from simulator.frontend.torch.recorder import Recorder, record

__all__ = ["Recorder", "record"]

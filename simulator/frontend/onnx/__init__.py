"""ONNX graphs as traces: layers with the weights of the file, and activations recorded by running it."""

from simulator.frontend.onnx.graph import Graph, read
from simulator.frontend.onnx.recording import trace_of

__all__ = ["Graph", "read", "trace_of"]

"""Design points on the cycle engine: any hierarchy, any loop nest, any supported formats and rules.

:mod:`walk` and :mod:`boxes` are the nest and its tiles, :mod:`formats` what sets of points weigh, :mod:`rules` what is decided
where, :mod:`operands`, :mod:`outputs`, :mod:`products` and :mod:`updates` the accesses, :mod:`granules` their time,
:mod:`items` and :mod:`machine` the plan. Actions are called after tensor and access: ``A.reads``, ``A.reads_gated``,
``A.metadata_fills_skipped``; products ``mac``, ``mac_gated``, ``mac_skipped``.
"""

from simulator.lowering.nest.given import drawn, of_file, of_layer
from simulator.lowering.nest.layer import NestLayer, lower
from simulator.lowering.nest.result import layer_result, unverified

__all__ = ["NestLayer", "drawn", "layer_result", "lower", "of_file", "of_layer", "unverified"]

"""Machine descriptions: YAML -> typed, validated specification."""

from simulator.hardware.loading import dump, load, loads, names, override
from simulator.hardware.machine import Machine
from simulator.hardware.parameters import Parameter, parameters

__all__ = ["Machine", "Parameter", "dump", "load", "loads", "names", "override", "parameters"]

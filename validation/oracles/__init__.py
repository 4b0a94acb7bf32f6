"""Oracles: what the simulator computes fast, told again slowly and obviously, for small layers."""

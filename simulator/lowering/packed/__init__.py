"""Lowering of layers onto multipliers filled with the non-zeros of the weights."""

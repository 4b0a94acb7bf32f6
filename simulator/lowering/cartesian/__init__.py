"""Lowering of layers onto processing elements that multiply all weights with all inputs of a channel."""

"""Lowering of layers onto outer-product units with bitmask operands."""

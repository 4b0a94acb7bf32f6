"""Lowering of layers onto elements that intersect compressed fibers."""

"""Lowering of layers onto arrays that keep rows of filters."""

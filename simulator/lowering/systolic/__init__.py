"""Lowering of systolic arrays: folds, their wavefronts, and the pieces of operands they read."""

"""Analytical models, the ones under test: what they estimate, without simulating anything.

They see design points (:mod:`simulator.mapping.design_point`) and never the lowering, the plan or the engines, else a
comparison would compare a thing with itself.
"""

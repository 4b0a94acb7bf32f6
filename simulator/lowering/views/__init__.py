"""Machines of the zoo as design points: what the simulator decided on, in the words of an analytical model.

A module per organisation, registered under `design_point`: ``design_point(lowered) -> DesignPoint``. What a design point cannot say
of the machine is listed in its `unmodelled`, and shows as a step of its own between estimate and truth.
"""

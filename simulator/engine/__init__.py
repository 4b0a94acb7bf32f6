"""Engines run plans. They know components, channels and runs; never a machine, a datapath or a format."""

"""Organisations: what a machine's `datapath`, `components` and `mapping` are, one class of machine per file.

The registry finds each by the name a description gives as ``organisation:``; the lowering of the same name runs it.
"""

"""Latency of networks on chip against the load offered: ``python -m validation.studies.noc``."""

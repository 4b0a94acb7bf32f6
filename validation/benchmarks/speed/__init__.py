"""How far the simulator is from what it reaches for: one command, one table: ``python -m validation.benchmarks.speed``."""

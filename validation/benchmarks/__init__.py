"""Benchmarks measure one core: linear algebra gets one thread, whose waiting would count as work of what is timed next."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

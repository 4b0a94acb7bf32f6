"""``python -m validation``: the same as ``sparsecycle validate``."""

from __future__ import annotations

import sys

from simulator.cli.main import main

if __name__ == "__main__":
    main(["validate", *sys.argv[1:]])

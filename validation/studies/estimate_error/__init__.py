"""How wrong analytical estimates are, and which assumption costs what."""

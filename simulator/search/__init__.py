"""Searches: they are given what to try and callables that say what it costs and how good it is."""

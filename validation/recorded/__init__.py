"""Readers of recorded data that are no part of the project: a folder in, checked cases out."""

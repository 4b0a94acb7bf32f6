"""Small recorded traces, and recipes that make the large ones."""

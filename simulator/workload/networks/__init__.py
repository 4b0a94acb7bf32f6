"""Small networks that were really trained, defined in NumPy: quality can be measured without a training framework."""

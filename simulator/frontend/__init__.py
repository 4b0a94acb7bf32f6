"""Files of other tools, read as what this one works on, and written back."""

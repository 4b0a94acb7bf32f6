"""Which elements are non-zero (patterns), how that is stored (formats), how full parts are (density)."""

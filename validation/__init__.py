"""Claims about the simulator, each with what is expected, what is measured, a tolerance and a source."""

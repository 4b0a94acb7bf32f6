"""TASD on networks trained here: quality measured, cycles and energy simulated."""

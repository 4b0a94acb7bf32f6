"""What a run says: states, interval logs, outcomes of engines, results."""

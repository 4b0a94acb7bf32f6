"""Studies: questions that take many runs, each with a command, a page and a picture of its own."""

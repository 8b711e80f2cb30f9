"""From episodes to batches: which files, what of them, in which order."""

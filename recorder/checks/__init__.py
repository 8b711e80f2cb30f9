"""The single quality checks that `recorder.quality` runs, and what they are made of."""

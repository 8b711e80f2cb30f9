"""The dataset folder: whose it is, what may lie in it, its numbers and its disk."""

"""`replay --report`: static pages about a dataset."""

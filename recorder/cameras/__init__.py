"""The cameras: one Protocol (`camera`), one file for each kind, and the thread that captures."""

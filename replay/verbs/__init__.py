"""The verbs of `episodes`: a module each."""

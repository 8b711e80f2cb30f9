"""The viewer: an episode in a terminal, to be scrubbed through."""

"""What `replay FILE` says of an episode: numbers, lines, findings."""

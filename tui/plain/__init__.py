"""The plain display: lines of text, for terminals, pipes and other programs."""

"""What the operator sees in the terminal: a client of the session."""

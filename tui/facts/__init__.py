"""What there is to know about a session at one moment, read from its status blocks."""

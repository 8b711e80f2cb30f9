"""The trainer, its command, and what it tells."""

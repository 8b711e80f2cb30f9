"""The live dashboard: a Textual app that is a client of the session and decides nothing."""

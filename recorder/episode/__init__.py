"""The episode file: its format, its writer and reader, and the way from a journal to it."""

"""Cameras, alignment, journal, the episode file (writer and reader) and its checks."""

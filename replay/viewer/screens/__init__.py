"""What lies over the viewer for a moment: the keys, the findings, a place to go to."""

"""Faults on purpose: what a fault file may say, and how servos and lines are made to fail."""

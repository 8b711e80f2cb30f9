"""The parts of the screen, each drawn from facts."""

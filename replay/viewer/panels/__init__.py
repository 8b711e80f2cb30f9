"""The parts of the screen: each a function from what is shown to its rows."""

"""Emulated Dynamixel servos and the buses they hang on."""

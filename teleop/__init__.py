"""The arms: registers, bus, units, safety, the 50 Hz loop. No files, cameras, UI or simulator."""

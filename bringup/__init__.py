"""Bring a real rig up and look after it: scan, doctor, calibrate, mirror, rest."""

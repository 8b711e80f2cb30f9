"""A policy at work: from pictures to targets, on the simulated rig and on real ones."""

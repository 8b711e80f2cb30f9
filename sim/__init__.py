"""The simulated rig: MuJoCo scene, emulated servo buses, rendered cameras, scripted operator."""

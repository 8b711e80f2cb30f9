"""After the recording: look at an episode and check it."""

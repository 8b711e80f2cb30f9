"""After the recording: look at episodes, play them back, edit them, hand them on."""

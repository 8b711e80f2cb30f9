"""What lies on a disk of a training and its policy, and how distrustfully it is read."""

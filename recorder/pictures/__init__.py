"""Single pictures: to JPEG and back, and what they say in numbers."""

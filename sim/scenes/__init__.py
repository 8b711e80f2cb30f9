"""The physics of each task: arms, table, objects, and how far the task has come."""

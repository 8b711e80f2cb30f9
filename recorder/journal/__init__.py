"""The journal: steps as they happen, in a form that no crash can spoil."""

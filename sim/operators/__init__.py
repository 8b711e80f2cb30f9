"""Scripted operators: what a person's two hands would do on the leader arms."""

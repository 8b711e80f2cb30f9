"""Rendered cameras."""

"""Losses, a class in a file of its own each; found by name."""

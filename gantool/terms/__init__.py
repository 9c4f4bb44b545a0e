"""Penalties, decays and constraints, a class in a file of its own each; found by name."""

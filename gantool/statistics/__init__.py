"""Figures of two sets of vectors, as their papers define them; functions of NumPy arrays."""

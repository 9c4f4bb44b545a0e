"""Layers and blocks of our own, a class a file; one of a name that Keras has takes its place."""

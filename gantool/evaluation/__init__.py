"""Samples beside real images: what a metric is, and what it is taken of."""

"""Faster ways to compute convolutions and products on a processor."""

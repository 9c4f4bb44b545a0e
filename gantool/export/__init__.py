"""A generator for use outside of gantool."""

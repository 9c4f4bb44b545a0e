"""Bringing data sets of the catalogue to this machine, and checking what comes."""

from gantool.data.download.install import Placed, place

__all__ = ["Placed", "place"]

"""Bringing data sets of the catalogue to this machine, and checking what comes."""

from gantool.data.download.placing import Placed, place

__all__ = ["Placed", "place"]

"""Fits applied to the points of the warehouse."""

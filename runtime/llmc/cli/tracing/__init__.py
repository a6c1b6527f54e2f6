"""Recorded runs: their file, timeline and JSON form."""

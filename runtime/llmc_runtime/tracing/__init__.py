"""Traces of runs, written and read."""

"""Compiled plans, their runs and results."""

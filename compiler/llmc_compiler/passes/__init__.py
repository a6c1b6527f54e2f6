"""Passes: each takes a graph and gives a better one that means the same."""

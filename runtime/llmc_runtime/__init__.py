"""Doing it: graphs are run."""

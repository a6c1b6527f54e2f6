"""Graphs as JSON data, and back."""

"""Reads Python code as statements: its syntax, its values and its variables."""

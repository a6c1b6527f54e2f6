"""Signatures of Python functions, checked by pydantic."""

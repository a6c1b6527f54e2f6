"""Texts in other forms, read as plans."""

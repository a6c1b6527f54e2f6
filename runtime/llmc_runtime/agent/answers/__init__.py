"""Answers to questions, as data, text and JSON."""

"""Outcomes of earlier calls of a question, and where outcomes are stored."""

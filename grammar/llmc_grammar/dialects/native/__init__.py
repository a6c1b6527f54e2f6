"""Reads calls and plans given as data: JSON and XML with spans, the shapes of a call, references between tasks."""

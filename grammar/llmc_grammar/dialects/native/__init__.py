"""Calls and plans as data: JSON and XML with places, the shapes of a call, references between tasks."""

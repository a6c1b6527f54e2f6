"""Calls of plans as tools: their signature, and the tasks that take their place."""

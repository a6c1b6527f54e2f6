"""The standard functions of the plan language."""

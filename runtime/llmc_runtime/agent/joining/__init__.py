"""The joiner: its decision, and whether to replan."""

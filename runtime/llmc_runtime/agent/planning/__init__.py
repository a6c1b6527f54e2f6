"""The planner: its prompts, its replies, and their repair."""

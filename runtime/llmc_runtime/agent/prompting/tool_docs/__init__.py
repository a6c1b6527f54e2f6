"""The tools as a planner sees them: signatures, types, descriptions, within a budget of characters."""

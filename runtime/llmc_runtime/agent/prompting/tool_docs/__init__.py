"""The list of tools in a planner's prompt: signatures, types and descriptions, within a budget of characters."""

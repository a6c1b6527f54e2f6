"""The agent, and the models that it speaks to."""

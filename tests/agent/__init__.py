"""The agent, and the models that it speaks to: scripted, in virtual time."""

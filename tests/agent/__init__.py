"""The agent, with scripted models, in virtual time."""

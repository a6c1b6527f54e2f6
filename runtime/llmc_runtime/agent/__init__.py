"""The agent: a model writes a plan, which runs while it is written; a joiner answers or asks for another plan."""

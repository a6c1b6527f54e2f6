"""The agent: a model plans, the compiler runs the plan while it is written, a joiner answers or asks for another."""

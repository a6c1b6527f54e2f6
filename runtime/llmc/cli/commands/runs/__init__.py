"""Commands that run plans, answer questions or show recorded runs."""

"""Random plans: what they mean to the reference and what becomes of them in a run."""

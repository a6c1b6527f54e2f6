"""The scheduler: which instance runs when."""

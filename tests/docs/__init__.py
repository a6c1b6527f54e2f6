"""The pages for users, run and read."""

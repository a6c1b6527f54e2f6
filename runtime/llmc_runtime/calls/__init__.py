"""Calls of tools: admission, attempts, retries, limits."""

"""Errors and warnings of the compiler: E2xx, E3xx and W2xx."""

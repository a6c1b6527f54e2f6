"""Configuration: files, limits, models and tools."""

"""The command line, the configuration and tools files."""

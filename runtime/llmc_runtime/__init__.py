"""The runtime, which runs compiled plans."""

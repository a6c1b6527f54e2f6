"""Results of tools as JSON data."""

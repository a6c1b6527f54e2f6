"""JSON schemas: references, validation, defaults, and types."""

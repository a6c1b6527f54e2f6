"""Python code as statements: its parser, its values and its variables."""

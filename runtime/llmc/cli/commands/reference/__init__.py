"""Commands that list tools, grammars and schemas."""

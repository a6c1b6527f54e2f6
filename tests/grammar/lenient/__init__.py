"""Reading a model's text: what is mended, and what must not be."""

"""Output on a terminal: text, prompts, interrupts."""

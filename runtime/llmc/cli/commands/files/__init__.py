"""Commands that read or write plan files."""

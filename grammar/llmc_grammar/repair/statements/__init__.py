"""Repairs inside one statement: heads, brackets, quotes, arguments."""

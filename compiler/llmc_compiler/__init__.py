"""The compiler: what will be done."""

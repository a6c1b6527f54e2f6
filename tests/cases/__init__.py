"""Cases written as pages."""

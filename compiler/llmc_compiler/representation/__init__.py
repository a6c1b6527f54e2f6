"""Short and bounded texts of objects, for reprs, messages and notebooks."""

"""The meaning of plans, written plainly: what the compiler and the runtime are judged by."""

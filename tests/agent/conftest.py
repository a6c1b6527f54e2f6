"""Nothing is left running by any test."""

from tests.runtime.conftest import nothing_left

__all__ = ["nothing_left"]
